import type { LiveRun } from '../train/index.js';
import type { ModelCard } from '../artifacts/index.js';
import { embeddedDigits, type Dataset, type DataSplit } from '../data/index.js';
import { checkWhole } from '../checks.js';
import { DataError, OptionError } from '../errors.js';
import { Classifier, type PixelImage, type Prediction } from '../export/index.js';
import { checkKey } from '../storage/checkpoint-store.js';
import { findMistakes, liveClassifier } from './classify.js';
import type { Mistake, StoredRun, WorkerCalls, WorkerRun, WorkerTrainResult } from './protocol.js';
import { findRun } from './run-keeper.js';
import { Run, type RunHost, type RunPlatform } from './run.js';
import { Taught } from './taught.js';
import { Turns } from './turns.js';

/** Images classified at a time if no run says how many. */
const BATCH = 64;

/** A model that is used while no run is in progress, or instead of the run's weights. */
interface UsedModel {
  readonly bytes: Uint8Array;
  readonly name: string;
  /** Whether the page loaded it; else a run left it. */
  readonly isLoaded: boolean;
  /** Created when it is first needed. */
  classifier?: Promise<Classifier>;
}

/** What answers a page's calls: one run at a time, and all that uses its weights. */
export class TrainingHost implements Omit<WorkerCalls, 'setUp' | 'train'>, RunHost {
  readonly turns = new Turns();
  taught = new Taught();
  readonly #platform: RunPlatform;
  readonly #key: string;
  #run: { readonly run: Run; readonly ended: Promise<unknown> } | undefined;
  #live: LiveRun | undefined;
  #model: UsedModel | undefined;
  /** Of the last run. */
  #data: { readonly split: DataSplit; readonly batchSize: number } | undefined;

  /** @param key - Under which runs are stored unless they say otherwise. Throws OptionError for one that cannot be. */
  constructor(platform: RunPlatform, key: string) {
    checkKey(key);
    this.#platform = platform;
    this.#key = key;
  }

  async train(given: WorkerRun): Promise<WorkerTrainResult> {
    if (this.#run !== undefined) {
      throw new OptionError(
        'train: expected no run in this worker, but one goes: stop it, or start another worker',
      );
    }
    const { checkpointKey = this.#key } = given;
    if (checkpointKey !== false) checkKey(checkpointKey);
    const run = new Run(this.#platform, this, given, checkpointKey === false ? undefined : checkpointKey);
    const result = this.turns.begin().then(() => run.train());
    this.#run = { run, ended: result.catch(() => undefined) };
    try {
      return await result;
    } finally {
      this.#run = undefined;
      this.turns.end();
    }
  }

  async pause(): Promise<void> {
    await this.turns.pause();
    // The page may be closed while its run is paused.
    await this.saveQuietly();
  }

  resume(): Promise<void> {
    this.turns.resume();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    const current = this.#run;
    current?.run.stop();
    this.turns.resume();
    await current?.ended;
  }

  async save(): Promise<StoredRun> {
    const current = this.#run;
    if (current !== undefined) return this.turns.take(() => current.run.save());
    throw new OptionError('save: expected a run, but none goes; one that has ended is stored already');
  }

  async saveQuietly(): Promise<void> {
    const current = this.#run;
    if (current !== undefined) await this.turns.take(() => current.run.saveQuietly());
  }

  predict(image: PixelImage): Promise<Prediction> {
    return this.turns.take(async () => (await this.#classifier()).classify(image));
  }

  async mistakes(limit: number): Promise<readonly Mistake[]> {
    checkWhole('mistakes', limit, 1);
    const { test, batchSize } = await this.turns.take(async () =>
      this.#testSet((await this.#classifier()).card),
    );
    // One batch a turn: a prediction need not wait for the whole set.
    return findMistakes(test, limit, batchSize, (images) =>
      this.turns.take(async () => (await this.#classifier()).classifyAll(images)),
    );
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what is wrong rejects, as in every call
  async teach(image: PixelImage, label: number): Promise<number> {
    const more = this.taught.with(image, label);
    const misfit = this.#run && this.#data && new Taught().with(image, label).misfit(this.#data.split.train);
    if (misfit !== undefined) throw new DataError(`taught image: ${misfit}`);
    this.taught = more;
    return more.items.length;
  }

  exportModel(): Promise<Uint8Array> {
    return this.turns.take(async () => {
      const bytes = this.#usesRun ? await this.#live?.model() : this.#model?.bytes.slice();
      if (bytes === undefined) throw noNetwork('exportModel');
      return bytes;
    });
  }

  loadModel(bytes: Uint8Array, name: string): Promise<ModelCard> {
    return this.turns.take(async () => {
      const classifier = await Classifier.load(bytes, name, this.#platform.createSession);
      await this.#use({ bytes, name, isLoaded: true, classifier: Promise.resolve(classifier) });
      return classifier.card;
    });
  }

  async stored(key = this.#key): Promise<StoredRun | undefined> {
    checkKey(key);
    return (await findRun({ key, store: await this.#platform.openStore() }))?.stored;
  }

  async forget(key = this.#key): Promise<void> {
    checkKey(key);
    const store = await this.#platform.openStore();
    const unlock = await this.#platform.lockKey(key);
    try {
      await store.remove(key);
    } finally {
      unlock?.();
    }
  }

  /** For runs: their data are known. */
  onData(split: DataSplit, batchSize = BATCH): void {
    this.#data = { split, batchSize: Math.min(batchSize, split.test.count) };
  }

  /** For runs: their models are loaded, or gone. */
  async onLive(live: LiveRun | undefined): Promise<void> {
    this.#live = live;
    if (live !== undefined) await this.#use(undefined);
  }

  /** For runs: their final model. A model loaded in the meantime stays in use. */
  async onModel(bytes: Uint8Array): Promise<void> {
    if (this.#model?.isLoaded !== true)
      await this.#use({ bytes, name: 'the trained model', isLoaded: false });
  }

  get #usesRun(): boolean {
    return this.#live !== undefined && this.#model?.isLoaded !== true;
  }

  async #classifier(): Promise<Classifier> {
    if (this.#live !== undefined && this.#usesRun) return liveClassifier(this.#live);
    const model = this.#model;
    if (model === undefined) throw noNetwork('predict');
    model.classifier ??= Classifier.load(model.bytes, model.name, this.#platform.createSession);
    return model.classifier;
  }

  async #use(model: UsedModel | undefined): Promise<void> {
    const before = this.#model;
    this.#model = model;
    await (await before?.classifier?.catch(() => undefined))?.dispose();
  }

  #testSet({ input, classes, network }: ModelCard): { readonly test: Dataset; readonly batchSize: number } {
    const fits = ({ shape, classes: labels }: Dataset): boolean =>
      shape.join() === input.join() && labels.length === classes.length;
    if (this.#data !== undefined && fits(this.#data.split.test)) {
      return { test: this.#data.split.test, batchSize: this.#data.batchSize };
    }
    // The test images do not depend on how many there are to train on.
    const { test } = embeddedDigits({ train: 1 });
    if (fits(test)) return { test, batchSize: BATCH };
    throw new OptionError(
      `mistakes: ${network} takes images ${input.join('x')} of ${classes.length} classes: expected a run on such data first`,
    );
  }
}

function noNetwork(call: string): OptionError {
  return new OptionError(`${call}: expected a network: train one, or load a model`);
}

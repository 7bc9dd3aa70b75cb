import { countParameters, presetNetwork, type Network, type OptimizerOptions } from '../program/index.js';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
  namedWeights,
  stateFrom,
  startingWeights,
} from '../weights/index.js';
import { encodeInferenceModel, plainNormalization, type ModelCard } from '../artifacts/index.js';
import { version } from '../version.js';
import type { DataSplit } from '../data/index.js';
import { assert, OptionError } from '../errors.js';
import { checkFitOptions, type FitOptions, type ResumePoint } from './fit-options.js';
import { fit, startOf } from './fit.js';
import type { EpochRecord, History } from './history.js';
import { recipeFor } from './recipes.js';
import { cardDate, withoutClock } from './clocks.js';
import { orderOf, readResumePoint } from './resume.js';
import {
  runFiles,
  type BatchFeed,
  type LiveRun,
  type Platform,
  type StartInfo,
  type TrainOptions,
  type TrainResult,
} from './run-types.js';
import { Trainer } from './trainer.js';
import { keptTuning, tuningFor } from './tuning-resume.js';

/** Trains a network from start to `.onnx`; `train/node.ts` gives it files and the Node runtime. */
export async function trainOn(platform: Platform, options: TrainOptions): Promise<TrainResult> {
  const started = performance.now();
  checkHalves(options.data);
  // A mistake in the environment is said before the training, not after it.
  cardDate();
  const run = resolve(options);
  const { network, optimizer } = run;
  checkFitOptions(options.data, network, run.fit);
  const from = startingPoint(options, run);
  const trainer = await Trainer.create(network, {
    createSession: platform.createSession,
    optimizer,
    seed: run.seed,
    ...(options.loss && { loss: options.loss }),
    ...(options.clipNorm !== undefined && { clipNorm: options.clipNorm }),
    ...(options.accumulate !== undefined && { accumulate: options.accumulate }),
    ...(options.target && { target: options.target }),
    ...(options.devices && { devices: options.devices }),
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(from && { state: from.state, step: from.progress.step }),
    ...(platform.tuning && {
      tuning: tuningFor(platform.tuning, run.fit.batchSize, from?.resume && from.progress.extra),
    }),
  });
  const tuning = keptTuning(trainer.lowering, run.fit.batchSize);
  const files: Record<string, string> = {};
  const save = async (
    name: keyof typeof runFiles,
    content: Uint8Array | string,
  ): Promise<string | undefined> => {
    const path = await platform.save?.(runFiles[name], content);
    if (path !== undefined) files[name] = path;
    return path;
  };
  const checkpointAt = async (point: ResumePoint): Promise<Uint8Array> =>
    encodeCheckpoint(network, optimizer, {
      state: await trainer.readState(),
      progress: {
        step: trainer.steps,
        epoch: point.epoch,
        extra: { ...point, epochs: point.epochs.map(withoutClock), order: orderOf(run.fit), ...tuning },
      },
    });
  const card = (last: EpochRecord | undefined): ModelCard => ({
    network: network.name,
    input: network.input,
    classes: labelsOf(options.data.train.classes, network.classes),
    normalization: { ...plainNormalization(network.input[0]), ...options.normalization },
    provenance: provenanceOf(options, run, trainer.steps, last),
  });
  const modelAt = async (last: EpochRecord | undefined): Promise<Uint8Array> =>
    encodeInferenceModel(network, namedWeights(network, await trainer.readState()), {
      ...card(last),
      foldBatchNorm: options.foldBatchNorm ?? true,
    });
  let now = from?.resume ?? startOf(run.fit);
  const live: LiveRun = {
    trainer,
    card: () => card(now.epochs.at(-1)),
    checkpoint: () => Promise.resolve(checkpointAt(now)),
    model: () => Promise.resolve(modelAt(now.epochs.at(-1))),
  };
  let feed: BatchFeed | undefined;
  try {
    feed = await platform.openFeed?.(options.data.train, trainer.device);
    const report = feed && { prefetch: feed.report };
    const historyOf = (history: Partial<History>): string =>
      json({ ...history, lowering: trainer.lowering, ...report });
    await platform.onReady?.(live);
    await options.onStart?.({ ...startInfo(trainer, options, run), ...report });
    const { point, ...history } = await fit(trainer, options.data, {
      ...run.fit,
      ...(feed?.batches && { batches: feed.batches }),
      ...(platform.changeBatch && { changeBatch: platform.changeBatch }),
      ...(platform.betweenRuns && {
        betweenRuns: (at) => {
          now = at;
          return platform.betweenRuns?.();
        },
      }),
      ...(from?.resume && { resume: from.resume }),
      ...(options.resume && { resumedFrom: options.resume.name }),
      onCheckpoint: async (at) => {
        now = at;
        await save('history', historyOf({ epochs: at.epochs }));
        return save('checkpoint', await checkpointAt(at));
      },
    });
    const last = history.epochs.at(-1);
    assert(last, 'a run without epochs');
    const model = await modelAt(last);
    await save('model', model);
    await save('history', historyOf(history));
    return {
      network,
      history,
      testAccuracy: last.testAccuracy,
      testLoss: last.testLoss,
      device: trainer.device,
      lowering: trainer.lowering,
      ...report,
      model,
      checkpoint: await checkpointAt(point),
      files,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    try {
      await platform.onEnd?.(live);
    } finally {
      await feed?.dispose();
      await trainer.dispose();
    }
  }
}

/** For callers without TypeScript; what is in the halves is checked with the other options. */
function checkHalves(data: unknown): void {
  const halves = (typeof data === 'object' && data !== null ? data : {}) as Partial<DataSplit>;
  for (const half of ['train', 'test'] as const) {
    if (typeof halves[half] !== 'object') {
      throw new OptionError(`data: expected a data set with train and test, got one without ${half}`);
    }
  }
}

/** Options with the recipe's values where the caller gave none. */
interface Run {
  readonly network: Network;
  readonly optimizer: OptimizerOptions;
  readonly seed: number;
  readonly fit: FitOptions;
}

function resolve(options: TrainOptions): Run {
  if (options.network !== undefined && options.preset !== undefined) {
    throw new OptionError(`preset and network: expected one of them, got both`);
  }
  const preset = options.network === undefined ? (options.preset ?? 'mnist-cnn') : undefined;
  const network = options.network ?? presetNetwork(preset ?? 'mnist-cnn', options);
  const recipe = recipeFor(preset, options.data.train.name.split('/')[0]);
  const seed = options.seed ?? 0;
  return {
    network,
    optimizer: options.optimizer ?? recipe.optimizer,
    seed,
    fit: {
      epochs: options.epochs ?? recipe.epochs,
      batchSize: options.batchSize ?? recipe.batchSize,
      learningRate: options.learningRate ?? recipe.learningRate,
      scheduler: options.scheduler ?? recipe.scheduler,
      shuffle: options.shuffle ?? recipe.shuffle,
      seed,
      ...(options.normalization && { normalization: options.normalization }),
      ...(options.augment && { augment: options.augment }),
      ...(options.maxSteps !== undefined && { maxSteps: options.maxSteps }),
      ...(options.readEvery !== undefined && { readEvery: options.readEvery }),
      ...(options.onBatchEnd && { onBatchEnd: options.onBatchEnd }),
      ...(options.onEpochEnd && { onEpochEnd: options.onEpochEnd }),
      ...(options.signal && { signal: options.signal }),
    },
  };
}

/** The checkpoint or the weights to start from. */
function startingPoint(
  { init, freshHead = false, resume }: TrainOptions,
  { network, optimizer, seed, fit }: Run,
): (Checkpoint & { readonly resume?: ResumePoint }) | undefined {
  if (init !== undefined && resume !== undefined) {
    throw new OptionError('init and resume: expected one of them, got both');
  }
  if (freshHead && init === undefined) {
    throw new OptionError('fresh head: expected weights to start from (init), got none');
  }
  if (resume !== undefined) {
    const checkpoint = decodeCheckpoint(network, optimizer, resume.bytes, resume.name);
    return { ...checkpoint, resume: readResumePoint(checkpoint, resume.name, fit, resume.epochs) };
  }
  if (init === undefined) return undefined;
  const weights = startingWeights(network, init, { freshHead, seed });
  return {
    state: stateFrom(network, optimizer, weights),
    progress: { step: 0, epoch: 0, extra: null },
  };
}

/** The data's labels; outputs beyond them are called by their index. */
function labelsOf(classes: readonly string[], outputs: number): readonly string[] {
  return Array.from({ length: outputs }, (_, i) => classes[i] ?? String(i));
}

function startInfo(
  trainer: Trainer,
  { data }: TrainOptions,
  { network, seed, fit: options }: Run,
): StartInfo {
  const { trained, frozen } = countParameters(network);
  return {
    version,
    network: network.name,
    parameters: trained,
    frozenParameters: frozen,
    device: trainer.device,
    lowering: trainer.lowering,
    data: {
      train: data.train.name,
      test: data.test.name,
      trainCount: data.train.count,
      testCount: data.test.count,
    },
    epochs: options.epochs,
    batchSize: options.batchSize,
    learningRate: options.learningRate,
    seed,
  };
}

/** Where the weights come from, for the exported model's metadata. */
function provenanceOf(
  options: TrainOptions,
  { optimizer, seed, fit: { epochs, batchSize, learningRate, scheduler, shuffle } }: Run,
  step: number,
  last: EpochRecord | undefined,
): Readonly<Record<string, unknown>> {
  return {
    data: options.data.train.name,
    ...(options.augment && { augment: options.augment }),
    init: options.init?.name ?? `seed ${seed}`,
    ...(options.freshHead === true && { freshHead: true }),
    optimizer,
    learningRate,
    scheduler: { name: scheduler.name, ...scheduler.options },
    batchSize,
    shuffle,
    epochs,
    step,
    ...(last && { testLoss: last.testLoss, testAccuracy: last.testAccuracy }),
    date: cardDate(),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

import {
  type EpochRecord,
  type History,
  runFiles,
  type LiveRun,
  type Platform,
  type StartInfo,
  type TrainOptions,
  type TrainResult,
  trainOn,
  networkOf,
} from '../train/index.js';
import { defined } from '../checks.js';
import { readProgress } from '../weights/index.js';
import type { CreateSession } from '../program/index.js';
import type { DataSplit } from '../data/index.js';
import { AbortedError, DeviceError, OptionError, StorageError } from '../errors.js';
import type { CheckpointStore } from '../storage/checkpoint-store.js';
import { Outbox } from './outbox.js';
import type { RunEvent, StoredRun, WorkerRun, WorkerTrainResult } from './protocol.js';
import { checkSameData, findRun, RunKeeper, type Place } from './run-keeper.js';
import { described, toPage, trainOptions } from './run-options.js';
import { summaryOf, type FoundRun } from './stored-run.js';
import type { Taught } from './taught.js';
import type { Turns } from './turns.js';

/** What a run needs from the environment of its worker. */
export interface RunPlatform {
  readonly createSession: CreateSession;
  /** The run's data; `giveWay` must be called every few milliseconds. */
  readonly openData: (run: WorkerRun, giveWay: () => Promise<void>) => Promise<DataSplit>;
  /** Throws StorageError where nothing can be stored. */
  readonly openStore: () => Promise<CheckpointStore>;
  /** Throws StorageError if another page has the key; returns undefined where there are no locks. */
  readonly lockKey: (key: string) => Promise<(() => void) | undefined>;
  /** Lets messages come in. */
  readonly nextTask: () => Promise<void>;
  readonly send: (event: RunEvent) => void;
}

/** What the runs of one worker share. */
export interface RunHost {
  readonly turns: Turns;
  /** Images that are trained on besides the data. */
  taught: Taught;
  /** The data are known. */
  onData(data: DataSplit, batchSize: number | undefined): void;
  /** The models are loaded, or gone. */
  onLive(live: LiveRun | undefined): Promise<void>;
  /** The run has ended with this model. */
  onModel(model: Uint8Array): Promise<void>;
}

/** One training run in a worker, from its options to its result. */
export class Run {
  readonly #platform: RunPlatform;
  readonly #host: RunHost;
  readonly #given: WorkerRun;
  readonly #key: string | undefined;
  readonly #outbox: Outbox;
  readonly #abort = new AbortController();
  #keeper: RunKeeper | undefined;
  #live: LiveRun | undefined;
  #model: Uint8Array | undefined;
  /** One for each batch, of a stored run those before it as well. */
  #losses: number[] = [];
  /** The epochs so far with their times. */
  #epochs: readonly Partial<EpochRecord>[] = [];

  constructor(platform: RunPlatform, host: RunHost, given: WorkerRun, key: string | undefined) {
    this.#platform = platform;
    this.#host = host;
    this.#given = given;
    this.#key = key;
    this.#outbox = new Outbox(platform.send);
  }

  /** Ends the run after its current step. */
  stop(): void {
    this.#abort.abort();
  }

  /** Stores the run now; between two steps only. Throws StorageError, OptionError for a run that is not stored. */
  async save(): Promise<StoredRun> {
    const stored = this.#live && (await this.#keeper?.store(await this.#live.checkpoint()));
    if (stored !== undefined) return stored;
    throw new OptionError('save: expected a run with a checkpointKey, got one that is not stored');
  }

  /** Like `save`, but a failure is a warning of the run. */
  async saveQuietly(): Promise<void> {
    if (this.#live !== undefined) await this.#keeper?.keep(await this.#live.checkpoint());
  }

  /** Sends the page what has happened so far. */
  flush(): void {
    this.#outbox.flush();
  }

  async train(): Promise<WorkerTrainResult> {
    const unlock = this.#key === undefined ? undefined : await this.#lock(this.#key);
    try {
      return await this.#train();
    } finally {
      this.#outbox.flush();
      unlock?.();
    }
  }

  async #lock(key: string): Promise<(() => void) | undefined> {
    const unlock = await this.#platform.lockKey(key);
    if (unlock === undefined) {
      this.#warn(
        'this browser has no locks for this page (it is not a secure context): do not train in two tabs at a time',
      );
    }
    return unlock;
  }

  async #train(): Promise<WorkerTrainResult> {
    const place = await this.#place();
    const found = this.#given.resume === 'stored' ? await this.#found(place) : undefined;
    const run = defined({ ...found?.record.spec, ...found?.record.kept, ...this.#given }) as WorkerRun;
    const { spec, kept } = described(run);
    // What is wrong with the network is said before the data are read.
    networkOf(spec);
    const data = await this.#platform.openData(run, () => this.#giveWay());
    if (this.#abort.signal.aborted) throw new AbortedError('training was stopped before its first step');
    const summary = summaryOf(data);
    if (found !== undefined) this.#goOnWith(found, summary);
    this.#checkTaught(data);
    this.#host.onData(data, run.batchSize);
    let start: StartInfo | undefined;
    this.#keeper = new RunKeeper(place, {
      ...defined({ seconds: kept.checkpointSeconds }),
      inMemory: run.fallback !== undefined,
      send: (event) => {
        this.#outbox.add(event);
      },
      state: () => ({
        ...{ spec, kept },
        epochs: start?.epochs ?? 0,
        data: summary,
        taught: this.#host.taught,
        losses: this.#losses,
        history: this.#epochs,
      }),
    });
    const first = this.#losses.length;
    const result = await this.#onDevices(run, first, {
      ...trainOptions(spec, run, data, found),
      signal: this.#abort.signal,
      onStart: (info) => {
        start = info;
        this.#outbox.add({ kind: 'start', info });
      },
      onBatchEnd: (batch) => {
        this.#losses.push(batch.loss);
        this.#outbox.addBatch(batch);
      },
      onEpochEnd: (record) => {
        this.#outbox.add({ kind: 'epoch', record });
      },
    });
    return toPage(result, this.#losses.slice(first));
  }

  /** Where the run is stored; a refusal is a warning, unless the run resumes from there. */
  async #place(): Promise<Place | undefined> {
    if (this.#key === undefined) return undefined;
    try {
      return { key: this.#key, store: await this.#platform.openStore() };
    } catch (error) {
      if (!(error instanceof StorageError) || this.#given.resume === 'stored') throw error;
      this.#warn(`this run is not stored: ${error.message}`);
      return undefined;
    }
  }

  async #found(place: Place | undefined): Promise<FoundRun> {
    const found = place && (await findRun(place));
    if (found !== undefined) return found;
    throw new OptionError(
      place === undefined
        ? "resume: 'stored': expected a checkpointKey, got none"
        : `resume: 'stored': expected a stored run '${place.key}', but there is none`,
    );
  }

  #goOnWith({ record, stored }: FoundRun, data: ReturnType<typeof summaryOf>): void {
    checkSameData(record.data, data, this.#key ?? '');
    const { losses, taught } = record;
    this.#losses = [...losses];
    this.#epochs = stored.history;
    // Those taught since the page was loaded come last.
    const { items } = this.#host.taught;
    this.#host.taught = items.reduce((all, { image, label }) => all.with(image, label), taught);
  }

  #checkTaught({ train }: DataSplit): void {
    const misfit = this.#host.taught.misfit(train);
    if (misfit !== undefined) this.#warn(`taught images are left out of this run: ${misfit}`);
  }

  /** Trains on the requested devices and, if one is lost, on the one allowed instead, from the last checkpoint. */
  async #onDevices(run: WorkerRun, first: number, options: TrainOptions): Promise<TrainResult> {
    try {
      return await trainOn(this.#hooks(options), options);
    } catch (error) {
      const { fallback } = run;
      const isOther = options.devices?.[0] !== undefined && options.devices[0] !== fallback;
      if (!(error instanceof DeviceError) || fallback === undefined || !isOther) throw error;
      const last = this.#keeper?.last;
      const { resume, ...rest } = options;
      const from =
        last === undefined
          ? resume
          : { name: 'the last checkpoint', bytes: last.checkpoint, epochs: this.#epochs };
      const step = from === undefined ? 0 : readProgress(from.bytes, from.name).step;
      this.#losses.length = last?.losses ?? first;
      this.#warn(`${error.message}; the run goes on with ${fallback} after step ${step}`);
      const again: TrainOptions = { ...rest, devices: [fallback], ...(from && { resume: from }) };
      return trainOn(this.#hooks(again), again);
    }
  }

  #hooks({ normalization, data }: TrainOptions): Platform {
    return {
      createSession: this.#platform.createSession,
      save: async (name, content) => {
        if (name === runFiles.model && content instanceof Uint8Array) this.#model = content;
        if (name === runFiles.history && typeof content === 'string') {
          ({ epochs: this.#epochs = [] } = JSON.parse(content) as Partial<History>);
        }
        if (name !== runFiles.checkpoint || !(content instanceof Uint8Array)) return undefined;
        return (await this.#keeper?.keep(content)) === true ? this.#keeper?.name : undefined;
      },
      onReady: async (live) => {
        this.#live = live;
        await this.#host.onLive(live);
      },
      betweenRuns: async () => {
        if (this.#live !== undefined && this.#keeper?.isDue(this.#live.trainer.steps) === true) {
          await this.#keeper.keep(await this.#live.checkpoint());
        }
        await this.#giveWay();
      },
      changeBatch: async (batch, step) => {
        const { taught } = this.#host;
        if (taught.misfit(data.train) === undefined) await taught.mixInto(batch, step, normalization);
      },
      onEnd: (live) => this.#end(live),
    };
  }

  /** The weights stay: as the model of a finished run, else as they are now. */
  async #end(live: LiveRun): Promise<void> {
    this.#live = undefined;
    await this.#host.onLive(undefined);
    try {
      await this.#host.onModel(this.#model ?? (await live.model()));
    } catch {
      // The weights are lost with the device. The run has failed in any case, and its own error says why.
    }
  }

  async #giveWay(): Promise<void> {
    this.#outbox.sendIfDue();
    await this.#platform.nextTask();
    if (!this.#host.turns.isWanted) return;
    this.#outbox.flush();
    await this.#host.turns.giveWay();
  }

  #warn(message: string): void {
    this.#outbox.add({ kind: 'warning', message });
  }
}

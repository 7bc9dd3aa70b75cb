import {
  AbortedError,
  TrainingWorker,
  WorkerError,
  type BatchEnd,
  type EpochRecord,
  type StartInfo,
  type StoredRun,
  type WorkerTrainOptions,
} from 'ort-train';
import { messageOf, sentence } from './errors.js';
import { Stopwatch } from './stopwatch.js';
import { makeStore } from './store.js';

/** Under which name the browser keeps the page's run. */
const KEY = 'playground';

/** What the page is doing. */
export type Phase =
  'starting' | 'unavailable' | 'idle' | 'preparing' | 'training' | 'paused' | 'stopping' | 'finishing';

/** Where the training stands. */
export interface TrainingState {
  readonly phase: Phase;
  /** How the last run ended. */
  readonly outcome?: 'finished' | 'stopped' | 'failed' | undefined;
  readonly epoch: number;
  readonly epochs: number;
  /** Share of all steps that are done, 0 to 1. */
  readonly progress: number;
  readonly imagesPerSecond: number;
  /** Of the held-out images after the last epoch, 0 to 1. */
  readonly accuracy?: number | undefined;
  /** Whether the browser has stored the run as it is while it rests. */
  readonly isKept?: boolean;
  readonly error?: string | undefined;
  readonly warning?: string | undefined;
}

/** Who is told of a run besides the state's watchers. */
export interface TrainingListener {
  /** The network exists and has its first weights; `stored` where it goes on from a stored run. */
  onBegin(info: StartInfo, stored: StoredRun | undefined): void;
  /** The same run goes on elsewhere: its device was lost, or could not start. */
  onOtherDevice(info: StartInfo): void;
  onBatch(event: BatchEnd): void;
  onEpoch(record: EpochRecord): void;
  /** The worker was lost and another one has taken its place: what it held is gone. */
  onNewWorker(): void;
  /** The run is over, in whatever way, and the worker is ready again. */
  onEnd(): void;
}

const ready = { epoch: 0, epochs: 0, progress: 0, imagesPerSecond: 0 } as const;

/** Runs one training at a time in a worker of its own. */
export class Training {
  readonly state = makeStore<TrainingState>({ phase: 'starting', ...ready });
  readonly clock = new Stopwatch();
  readonly #listener: TrainingListener;
  #worker: TrainingWorker | undefined;
  /** Whether the present run has told its start. */
  #hasBegun = false;

  constructor(listener: TrainingListener) {
    this.#listener = listener;
  }

  /** The worker. Throws WorkerError before it has started. */
  get worker(): TrainingWorker {
    if (this.#worker === undefined) throw new WorkerError('ONNX Runtime has not started yet');
    return this.#worker;
  }

  /** Starts the worker; `false` where that fails, and the state says why. */
  async boot(digits?: number): Promise<boolean> {
    this.state.update({ phase: 'starting' });
    try {
      this.#worker = await TrainingWorker.start({
        checkpointKey: KEY,
        ...(digits !== undefined && { prepare: { digits: { train: digits } } }),
      });
      this.state.update({ phase: 'idle', error: undefined });
      return true;
    } catch (error) {
      this.state.update({ phase: 'unavailable', error: messageOf(error) });
      return false;
    }
  }

  /** Trains to the end, until `stop`, or until something fails; the state says which. */
  async run(options: WorkerTrainOptions, stored?: StoredRun): Promise<void> {
    this.state.update({
      ...{ ...ready, phase: 'preparing', epochs: stored?.epochs ?? options.epochs ?? 0 },
      ...{ outcome: undefined, error: undefined, warning: undefined, accuracy: stored?.testAccuracy },
    });
    this.clock.restart();
    this.#hasBegun = false;
    try {
      const { testAccuracy } = await this.worker.train({
        ...options,
        onStart: (info) => {
          this.#begin(info, stored);
        },
        onBatchEnd: (event) => {
          this.#batch(event);
        },
        onEpochEnd: (record) => {
          this.#epoch(record);
        },
        onCheckpoint: () => {
          this.state.update({ isKept: true });
        },
        onWarning: (warning) => {
          this.state.update({ warning: sentence(warning) });
        },
      });
      this.state.update({ outcome: 'finished', accuracy: testAccuracy, progress: 1 });
    } catch (error) {
      await this.#failed(error);
    }
    this.clock.hold();
    if (this.#worker !== undefined) this.state.update({ phase: 'idle' });
    this.#listener.onEnd();
  }

  /** Holds the run after its present step, or lets it go on. */
  async togglePause(): Promise<void> {
    const { phase } = this.state.value;
    if (phase === 'paused') {
      this.clock.goOn();
      this.state.update({ phase: 'training' });
      await this.#ask(() => this.worker.resume());
    } else if (phase === 'training') {
      this.state.update({ phase: 'paused', isKept: false });
      await this.#ask(() => this.worker.pause());
      this.clock.hold();
    }
  }

  /** Ends the run after its present step. */
  async stop(): Promise<void> {
    if (!['preparing', 'training', 'paused'].includes(this.state.value.phase)) return;
    this.state.update({ phase: 'stopping' });
    await this.#ask(() => this.worker.stop());
  }

  /** What a lost worker does not answer ends the run with an error of its own. */
  async #ask(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (!(error instanceof WorkerError)) this.state.update({ error: messageOf(error) });
    }
  }

  #begin(info: StartInfo, stored: StoredRun | undefined): void {
    if (this.#hasBegun) {
      this.#listener.onOtherDevice(info);
      return;
    }
    this.#hasBegun = true;
    if (this.state.value.phase === 'preparing') this.state.update({ phase: 'training' });
    this.state.update({ epochs: info.epochs, epoch: (stored?.epoch ?? 0) + 1 });
    this.#listener.onBegin(info, stored);
  }

  #batch(event: BatchEnd): void {
    const { epoch, epochs, batch, batches, imagesPerSecond } = event;
    this.state.update({
      ...{ epoch, epochs, imagesPerSecond },
      progress: (epoch - 1 + batch / batches) / epochs,
    });
    this.#listener.onBatch(event);
  }

  #epoch(record: EpochRecord): void {
    this.state.update({ accuracy: record.testAccuracy });
    this.#listener.onEpoch(record);
  }

  async #failed(error: unknown): Promise<void> {
    if (error instanceof AbortedError) {
      this.state.update({ outcome: 'stopped' });
      return;
    }
    this.state.update({ outcome: 'failed', error: messageOf(error) });
    if (!(error instanceof WorkerError)) return;
    // The worker is gone, and its memory with it: the next one goes on from what is stored.
    this.#worker?.dispose();
    this.#worker = undefined;
    if (!(await this.boot())) return;
    this.state.update({ error: messageOf(error) });
    this.#listener.onNewWorker();
  }
}

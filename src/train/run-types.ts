import type { CreateSession, DeviceReport, LoweringReport, TuningStore } from '../program/index.js';
import type { ModelCard } from '../artifacts/index.js';
import type { BatchSource, Dataset, DataSplit } from '../data/index.js';
import type { Network } from '../net/index.js';
import type { FitOptions } from './fit-options.js';
import type { BatchEnd, EpochRecord, History } from './history.js';
import type { SchedulerSpec } from './schedulers/index.js';
import type { NetworkSpec } from './spec/network.js';
import type { ResolvedRun } from './spec/run.js';
import type { RunSpec } from './spec/run.js';
import type { Trainer } from './trainer.js';

/** A file as bytes, with the name that errors call it by. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What of a run is no plain JSON: callbacks, and what only the caller has. */
export interface RunCalls {
  readonly signal?: AbortSignal;
  readonly onStart?: (info: StartInfo) => void | Promise<void>;
  readonly onBatchEnd?: (event: BatchEnd) => void | Promise<void>;
  readonly onEpochEnd?: (record: EpochRecord) => void | Promise<void>;
}

/** What `trainResNet` is told: the fields of a `RunSpec`, some of which may also be what they describe. */
export interface TrainOptions
  extends RunCalls, Omit<RunSpec, '$schema' | 'format' | 'network' | 'data' | 'scheduler' | 'init'> {
  /** A network of your own, or of a built-in family, instead of a preset. */
  readonly network?: Network | NetworkSpec;
  readonly data: DataSplit;
  /** A scheduler such as `stepLR({ stepSize: 3 })`, one of your own, or its name and options. */
  readonly scheduler?: SchedulerSpec;
  /** Weights to start from: safetensors, or a model if the name ends in `.onnx`. */
  readonly init?: NamedBytes;
  /** A checkpoint to go on from. */
  readonly resume?: NamedBytes & {
    /** The epochs of the run's `history.json`, for their times, which the checkpoint does not hold. */
    readonly epochs?: readonly Partial<EpochRecord>[];
  };
}

/** What a run is about to do. */
export interface StartInfo {
  /** The name of the network. */
  readonly network: string;
  /** Number of trained numbers. */
  readonly parameters: number;
  /** Number of those that are left as they are; see `freeze`. */
  readonly frozenParameters: number;
  readonly device: DeviceReport;
  /** Which form of the step runs, and why. */
  readonly lowering: LoweringReport;
  /** Whether batches are prepared on a thread of their own, and why; absent in a browser, where they are not. */
  readonly prefetch?: PrefetchReport;
  /** Names of both halves of the data, and their numbers of images. */
  readonly data: {
    readonly train: string;
    readonly test: string;
    readonly trainCount: number;
    readonly testCount: number;
  };
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  /** The whole run; without the network, the data or the weights where only the caller has them. */
  readonly spec: ResolvedRun;
  readonly version: string;
}

/** What a run leaves. */
export interface TrainResult {
  readonly network: Network;
  readonly history: History;
  /** Accuracy on the test set after the last epoch, 0 to 1. */
  readonly testAccuracy: number;
  readonly testLoss: number;
  readonly device: DeviceReport;
  /** Which form of the step ran, and why. */
  readonly lowering: LoweringReport;
  /** Whether batches were prepared on a thread of their own, and why; absent in a browser, where they are not. */
  readonly prefetch?: PrefetchReport;
  /** The trained classifier as `.onnx` bytes. */
  readonly model: Uint8Array;
  /** The final state as a checkpoint in safetensors. */
  readonly checkpoint: Uint8Array;
  /** Paths of the files written, where the run had a place to write to. */
  readonly files: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** Whether batches are prepared on a thread of their own, and why. */
export interface PrefetchReport {
  /** Whether they are. */
  readonly on: boolean;
  /** Why, or why not. */
  readonly reason: string;
}

/** Where a run's batches come from. */
export interface BatchFeed {
  readonly report: PrefetchReport;
  /** Absent: `batches`, between the steps. */
  readonly batches?: BatchSource;
  /** Ends its thread. */
  dispose(): Promise<void>;
}

/** What the loop needs from where it runs. */
export interface Platform {
  readonly createSession: CreateSession;
  /** Opens where the batches of the training set come from; absent: they are prepared between the steps. */
  readonly openFeed?: (train: Dataset, device: DeviceReport) => Promise<BatchFeed>;
  /** Names under which data and weights are found again; a run that has them writes its description. */
  readonly named?: Pick<RunSpec, 'data' | 'init'>;
  /** Keeps which forms of convolutions are the fastest; absent where a written heuristic chooses. */
  readonly tuning?: TuningStore;
  /** Keeps a file of the run and returns where it lies; absent or undefined where it is not kept. */
  readonly save?: (name: string, content: Uint8Array | string) => Promise<string | undefined>;
  /** Called when the models are loaded, before the first step. */
  readonly onReady?: (run: LiveRun) => void | Promise<void>;
  /** Called between two optimizer steps and between two batches of an evaluation: others may use `LiveRun` then. The time it takes is not counted as training. */
  readonly betweenRuns?: () => void | Promise<void>;
  /** Called when the run ends in whatever way, while its models are still there. */
  readonly onEnd?: (run: LiveRun) => void | Promise<void>;
  /** Changes a batch in its place before it is trained on; `step` is the number that its step will have. */
  readonly changeBatch?: FitOptions['changeBatch'];
}

/** A run while it goes. All of it may be used between two runs of a model only. */
export interface LiveRun {
  readonly trainer: Trainer;
  /** What an exported model would say of itself now. */
  readonly card: () => ModelCard;
  /** The run as a checkpoint from which it would go on exactly, in safetensors. */
  readonly checkpoint: () => Promise<Uint8Array>;
  /** The present weights as a deployable `.onnx`. */
  readonly model: () => Promise<Uint8Array>;
}

/** Names of the files of a run. */
export const runFiles = {
  run: 'run.json',
  checkpoint: 'checkpoint.safetensors',
  model: 'model.onnx',
  history: 'history.json',
} as const;

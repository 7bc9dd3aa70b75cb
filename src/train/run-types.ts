import type { CreateSession, DeviceReport, LoweringReport, TuningStore } from '../program/index.js';
import type { ModelCard } from '../artifacts/index.js';
import type { Augment, BatchSource, DataReport, DataSplit } from '../data/index.js';
import type { Network } from '../net/index.js';
import type { FitOptions } from './fit-options.js';
import type { BatchEnd, EpochRecord, Evaluation, History } from './history.js';
import type { SchedulerSpec } from './schedulers/index.js';
import type { NetworkSpec } from './spec/network.js';
import type { ResolvedRun, RunSpec } from './spec/run.js';
import type { Trainer } from './trainer.js';

/** A file as bytes, with its name in errors. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The parts of a run that are not plain JSON: callbacks, and what only the caller has. */
export interface RunCalls {
  readonly signal?: AbortSignal;
  readonly onStart?: (info: StartInfo) => void | Promise<void>;
  readonly onBatchEnd?: (event: BatchEnd) => void | Promise<void>;
  readonly onEpochEnd?: (record: EpochRecord) => void | Promise<void>;
}

/** The options of `trainResNet`: the fields of a `RunSpec`, some of which may also be the object that they describe. */
export interface TrainOptions
  extends
    RunCalls,
    Omit<RunSpec, '$schema' | 'format' | 'network' | 'data' | 'scheduler' | 'init' | 'augment'> {
  /** A network of your own, or of a built-in family, instead of a preset. */
  readonly network?: Network | NetworkSpec;
  readonly data: DataSplit;
  /** Random changes of the training images; transforms may be functions of your own. */
  readonly augment?: Augment;
  /** A scheduler such as `stepLR({ stepSize: 3 })`, one of your own, or its name and options. */
  readonly scheduler?: SchedulerSpec;
  /** Weights to start from: safetensors, or a model if the name ends in `.onnx`. */
  readonly init?: NamedBytes;
  /** A checkpoint to resume from. */
  readonly resume?: NamedBytes & {
    /** The epochs of the run's `history.json`, for their times, which the checkpoint does not hold. */
    readonly epochs?: readonly Partial<EpochRecord>[];
    /** How the run began, from its `run.json`, for the one that this run writes and for the model's card. */
    readonly start?: Pick<RunSpec, 'init' | 'freshHead'>;
  };
}

/** What a run is about to do. */
export interface StartInfo {
  /** The name of the network. */
  readonly network: string;
  /** How many numbers are trained. */
  readonly parameters: number;
  /** How many are left as they are; see `freeze`. */
  readonly frozenParameters: number;
  readonly device: DeviceReport;
  /** Which form of the step runs, and why. */
  readonly lowering: LoweringReport;
  /** Whether batches are prepared on a thread of their own, and why; absent in a browser, where they are not. */
  readonly prefetch?: PrefetchReport;
  /** Names of both halves of the data, how many images they have, and what was found where pictures were opened. */
  readonly data: {
    readonly train: string;
    readonly test: string;
    readonly trainCount: number;
    readonly testCount: number;
    readonly report?: DataReport;
  };
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  /** The whole run; without the network, the data or the weights where only the caller has them. */
  readonly spec: ResolvedRun;
  readonly version: string;
}

/** The result of a run. */
export interface TrainResult {
  readonly network: Network;
  readonly history: History;
  /** Accuracy on the test set after the last epoch, 0 to 1. */
  readonly testAccuracy: number;
  readonly testLoss: number;
  /** How the trained network does on the part of the data that had no say in the training, where there is one. */
  readonly finalTest?: Evaluation & { readonly data: string };
  readonly device: DeviceReport;
  /** Which form of the step ran, and why. */
  readonly lowering: LoweringReport;
  /** Whether batches were prepared on a thread of their own, and why; absent in a browser, where they are not. */
  readonly prefetch?: PrefetchReport;
  /** The trained classifier as `.onnx` bytes. */
  readonly model: Uint8Array;
  /** The final state as a checkpoint in safetensors. */
  readonly checkpoint: Uint8Array;
  /** Paths of the files written, if the run had somewhere to write to. */
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
  /** Opens the source of the batches; absent: they are prepared between the steps. */
  readonly openFeed?: (
    data: DataSplit,
    device: DeviceReport,
    augment: Augment | undefined,
  ) => Promise<BatchFeed>;
  /** Names by which data and weights can be found again; a run that has them writes its description. */
  readonly named?: Pick<RunSpec, 'data' | 'init'>;
  /** Stores which forms of convolutions are the fastest; absent if a written heuristic chooses. */
  readonly tuning?: TuningStore;
  /** Stores a file of the run and returns its path; absent or undefined if it is not stored. */
  readonly save?: (name: string, content: Uint8Array | string) => Promise<string | undefined>;
  /** Called when the models are loaded, before the first step. */
  readonly onReady?: (run: LiveRun) => void | Promise<void>;
  /** Called between two optimizer steps and between two batches of an evaluation: others may use `LiveRun` then. The time it takes is not counted as training. */
  readonly betweenRuns?: () => void | Promise<void>;
  /** Called when the run ends, however it ends, while its models are still there. */
  readonly onEnd?: (run: LiveRun) => void | Promise<void>;
  /** Changes a batch in place before it is trained on; `step` is the number that its step will have. */
  readonly changeBatch?: FitOptions['changeBatch'];
}

/** A run in progress. Use it only between two runs of a model. */
export interface LiveRun {
  readonly trainer: Trainer;
  /** What a model exported now would say about itself. */
  readonly card: () => ModelCard;
  /** The run as a checkpoint that resumes it exactly, in safetensors. */
  readonly checkpoint: () => Promise<Uint8Array>;
  /** The current weights as a deployable `.onnx`. */
  readonly model: () => Promise<Uint8Array>;
}

/** Names of the files of a run. */
export const runFiles = {
  run: 'run.json',
  checkpoint: 'checkpoint.safetensors',
  model: 'model.onnx',
  history: 'history.json',
} as const;

import type {
  CrossEntropyOptions,
  Network,
  OptimizerOptions,
  PresetName,
  PresetOptions,
  CreateSession,
  DeviceReport,
  SessionOptions,
  LoweringReport,
  TuningStore,
} from '../program/index.js';
import type { ModelCard } from '../artifacts/index.js';
import type { Augmentation, BatchSource, Dataset, DataSplit, Normalization } from '../data/index.js';
import type { FitOptions } from './fit-options.js';
import type { BatchEnd, EpochRecord, History } from './history.js';
import type { Scheduler } from './schedulers/index.js';
import type { Trainer } from './trainer.js';

/** A file as bytes, with the name that errors call it by. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What `trainResNet` is told; what is left out comes from the preset's recipe. */
export interface TrainOptions extends SessionOptions, PresetOptions {
  /** A built-in network; default `mnist-cnn`. */
  readonly preset?: PresetName;
  /** A network of your own instead of a preset. */
  readonly network?: Network;
  readonly data: DataSplit;
  /** Passes over the training set. */
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly optimizer?: OptimizerOptions;
  readonly scheduler?: Scheduler;
  readonly loss?: CrossEntropyOptions;
  /** Largest L2 norm of the gradient; a larger one is scaled down to it, as PyTorch's `clip_grad_norm_` does. Default: none. */
  readonly clipNorm?: number;
  /** Batches whose mean gradient makes one optimizer step; an epoch's last step takes what is left. Default 1. */
  readonly accumulate?: number;
  readonly shuffle?: boolean;
  /** Seed of the initial weights, the shuffle and the augmentation; default 0. */
  readonly seed?: number;
  readonly normalization?: Normalization;
  /** Random changes of the training images, e.g. `{ pad: 4, crop: true, flip: true }`; default none. */
  readonly augment?: Augmentation;
  /** Stop after so many optimizer steps in all. */
  readonly maxSteps?: number;
  /**
   * Batches after which their losses are read, all of them and in order; default: as many as take a tenth of a second on a
   * GPU, which need not stop for each, and 1 elsewhere.
   */
  readonly readEvery?: number;
  /** Weights to start from: safetensors, or a model if the name ends in `.onnx`. */
  readonly init?: NamedBytes;
  /** Whether the last linear layer is drawn anew instead of taken from `init`, for other classes; default false. */
  readonly freshHead?: boolean;
  /** A checkpoint to go on from. */
  readonly resume?: NamedBytes & {
    /** The epochs of the run's `history.json`, for their times, which the checkpoint does not hold. */
    readonly epochs?: readonly Partial<EpochRecord>[];
  };
  /** `portable` keeps to standard operators; default `auto`: the device's own form where it has one, verified. */
  readonly target?: 'auto' | 'portable';
  /**
   * Whether batch normalisation is folded into the convolutions of the exported model, which is quicker and gives the
   * same logits up to rounding; default true. Without it every weight keeps its name.
   */
  readonly foldBatchNorm?: boolean;
  readonly signal?: AbortSignal;
  readonly onStart?: (info: StartInfo) => void | Promise<void>;
  readonly onBatchEnd?: (event: BatchEnd) => void | Promise<void>;
  readonly onEpochEnd?: (record: EpochRecord) => void | Promise<void>;
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
  checkpoint: 'checkpoint.safetensors',
  model: 'model.onnx',
  history: 'history.json',
} as const;

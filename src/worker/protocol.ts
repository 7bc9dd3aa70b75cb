import type { BatchEnd, EpochRecord, NamedBytes, StartInfo, TrainResult } from '../train/index.js';
import type { RunCalls } from '../train/run-types.js';
import type { SchedulerSpec } from '../train/schedulers/scheduler.js';
import type { RunSpec } from '../train/spec/run.js';
import type { ModelCard } from '../artifacts/index.js';
import type { EmbeddedOptions } from '../data/index.js';
import type { PixelImage, Prediction } from '../export/index.js';
import type { TransferredError } from '../error-transfer.js';
import type { SentData, WorkerData } from './run-data.js';

/** What `train` is told besides callbacks: a `RunSpec`, and what is handed over with it. */
export interface WorkerRun extends Omit<RunSpec, 'data' | 'scheduler' | 'init' | 'out'> {
  /** Default `digits`. */
  readonly data?: WorkerData;
  /** A scheduler such as `stepLR({ stepSize: 1 })`, or its name and options. */
  readonly scheduler?: SchedulerSpec;
  /** Weights to start from: safetensors, or a model if the name ends in `.onnx`. */
  readonly init?: NamedBytes;
  /**
   * `stored`: goes on exactly where the run stored under `checkpointKey` stopped, with its options except those given
   * now; else a checkpoint's bytes.
   */
  readonly resume?: 'stored' | Uint8Array | NamedBytes;
  /**
   * The name under which the browser's storage keeps the run during training, so that a reload can resume it; `false`: nothing is
   * stored. Two pages cannot train under one name at the same time. Default: that of `TrainingWorker.start`.
   */
  readonly checkpointKey?: string | false;
  /** Seconds of training between two checkpoints; more if writing one takes long. Default 5. */
  readonly checkpointSeconds?: number;
  /** The device on which a run resumes from its last checkpoint when its own is lost; default: the run ends with a DeviceError. */
  readonly fallback?: 'wasm';
}

/**
 * `TrainingWorker.train`: a run and whom it tells on the page. Callbacks are not waited for; one that throws or rejects ends
 * the run. `onStart` comes once more when the run goes on on another device; of steps `onBatchEnd` tells every one, in order,
 * several in one task of the page; `signal` stops after the present step and leaves a checkpoint.
 */
export interface WorkerTrainOptions extends WorkerRun, RunCalls {
  /** The run goes on, but something requested does not work, e.g. storage is full; a sentence for people. */
  readonly onWarning?: (message: string) => void | Promise<void>;
  /** A checkpoint was stored. */
  readonly onCheckpoint?: (run: StoredRun) => void | Promise<void>;
}

/** The result of a run in a worker; like `TrainResult`, with the numbers of the network instead of its functions. */
export interface WorkerTrainResult extends Omit<TrainResult, 'network' | 'files'> {
  /** The network without its layers, which do not cross to the page. */
  readonly network: {
    readonly name: string;
    readonly input: readonly [channels: number, height: number, width: number];
    readonly classes: number;
  };
}

/** How the worker was told to store a run, as the stored run remembers it. */
export type KeptOptions = Pick<WorkerRun, 'checkpointSeconds' | 'fallback'>;

/** A run in the browser's storage. */
export interface StoredRun {
  readonly key: string;
  /** Which storage of the browser holds it. */
  readonly where: 'opfs' | 'indexeddb';
  /** When it was stored, milliseconds since 1970. */
  readonly savedAt: number;
  /** Epochs finished. */
  readonly epoch: number;
  /** Epochs that the run asked for. */
  readonly epochs: number;
  /** Optimizer steps taken. */
  readonly step: number;
  /** All epochs or steps that were asked for are done: there is nothing to resume unless more are asked for. */
  readonly finished: boolean;
  /** On the test set after the last finished epoch, 0 to 1; absent before. */
  readonly testAccuracy?: number;
  /** Its finished epochs. */
  readonly history: readonly EpochRecord[];
  /** Loss of each batch so far. */
  readonly stepLosses: Float32Array;
  /** Images that were taught. */
  readonly taught: number;
  /** Name of the training data; all but `digits` must be passed again to resume. */
  readonly data: string;
  /** The spec of the run. */
  readonly options: RunSpec & KeptOptions;
}

/** An image of the test set that the current weights do not classify correctly. */
export interface Mistake {
  readonly image: PixelImage;
  readonly label: string;
  /** The label that the network gave. */
  readonly predicted: string;
  /** Of `predicted`, 0 to 1. */
  readonly probability: number;
}

/** What the worker finds in its environment. */
export interface WorkerEnvironment {
  /** Whether shared memory, and with it threads, are allowed (headers COOP and COEP). */
  readonly crossOriginIsolated: boolean;
  /** Threads that wasm uses unless told otherwise. */
  readonly threads: number;
  /** Why there are fewer than cores; absent if there are as many. */
  readonly threadsReason?: string;
  /** Whether WebGPU has an adapter. */
  readonly webgpu: {
    readonly usable: boolean;
    /** Why it is not usable; empty if it is. */
    readonly reason: string;
    /** What the browser says of the adapter, e.g. `nvidia ampere`. */
    readonly adapter?: string;
  };
}

/** Data that a worker prepares before they are asked for. */
export interface PrepareOptions {
  /** The embedded digits of these sizes; `{}` for all, which take 2 s. */
  readonly digits: EmbeddedOptions;
}

/** What is sent to a worker when it starts. */
export interface WorkerSetup {
  /** Version of the page's build; the worker's must be the same. */
  readonly version: string;
  /** The worker holds this Web Lock as long as it lives. */
  readonly alive: string;
  readonly checkpointKey: string;
  /** Where onnxruntime-web's .wasm files are. */
  readonly wasmPaths?: string;
  readonly prepare?: PrepareOptions;
}

/** What a worker says when it is ready. */
export interface WorkerReady {
  readonly environment: WorkerEnvironment;
  /** Whether it holds the lock `alive`: browsers have locks in secure contexts only. */
  readonly holdsLock: boolean;
}

/** A run as it crosses to the worker. */
export interface SentRun extends Omit<WorkerRun, 'data'> {
  readonly data?: SentData;
}

/** What the page may call. */
export interface WorkerCalls {
  setUp(setup: WorkerSetup): Promise<WorkerReady>;
  train(run: SentRun): Promise<WorkerTrainResult>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  save(): Promise<StoredRun>;
  /** Stores the run, if there is one that should be stored; a failure is a warning of the run. */
  saveQuietly(): Promise<void>;
  predict(image: PixelImage): Promise<Prediction>;
  mistakes(limit: number): Promise<readonly Mistake[]>;
  teach(image: PixelImage, label: number): Promise<number>;
  exportModel(): Promise<Uint8Array>;
  loadModel(bytes: Uint8Array, name: string): Promise<ModelCard>;
  stored(key?: string): Promise<StoredRun | undefined>;
  forget(key?: string): Promise<void>;
}

/** One call, from the page to the worker. */
export type Request = {
  [Name in keyof WorkerCalls]: {
    readonly id: number;
    readonly call: Name;
    readonly args: Parameters<WorkerCalls[Name]>;
  };
}[keyof WorkerCalls];

/** The outcome of a call. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: TransferredError };

/** What the worker reports about the run that the call `run` began. */
export type RunEvent =
  | { readonly kind: 'start'; readonly info: StartInfo }
  | { readonly kind: 'batches'; readonly batches: readonly BatchEnd[] }
  | { readonly kind: 'epoch'; readonly record: EpochRecord }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'checkpoint'; readonly stored: StoredRun };

/** All that a worker sends. */
export type FromWorker = Reply | { readonly event: RunEvent };

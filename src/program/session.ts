import type { TensorData } from './types.js';

/** Names of execution providers that ort-train knows. */
export const deviceNames = ['cpu', 'cuda', 'webgpu', 'wasm'] as const;

/** An execution provider of ONNX Runtime. */
export type DeviceName = (typeof deviceNames)[number];

/** Which execution provider a session uses, and why not another. */
export interface DeviceReport {
  /** The execution provider that runs the model. */
  readonly chosen: DeviceName;
  /** Version of ONNX Runtime. */
  readonly runtime: string;
  /** Threads within an operator. */
  readonly threads: number;
  /** In a browser, why there are fewer threads than cores or than were asked for; absent where there are as many. */
  readonly threadsReason?: string;
  /** For webgpu in a browser, what the browser says of the adapter, e.g. `nvidia ampere`. */
  readonly adapter?: string;
  /** What works, but not as it should, and what to do about it; absent where there is nothing to say. */
  readonly notices?: readonly string[];
  /** Those that were preferred and could not start, with the reason. */
  readonly rejected: readonly { readonly device: DeviceName; readonly reason: string }[];
}

/** How a session is made. */
export interface SessionOptions {
  /** Execution providers in order of preference; default `['cpu']` in Node, `['wasm']` in a browser. */
  readonly devices?: readonly string[];
  /** Threads within an operator; default: one for each core, in a browser at most 8. */
  readonly threads?: number;
  /**
   * Every run gives tensors for all results, so that the runtime need not return any. onnxruntime-node copies what it
   * returns into new arrays, 40 of 110 ms a step of ResNet-18.
   */
  readonly givenResults?: boolean;
  /**
   * Results that stay on the device, where it has memory of its own (webgpu): read them through
   * `Session.resident`, and a later run takes them as feeds, without a copy between. None: only feeds are on the device.
   */
  readonly keepOnDevice?: readonly string[];
  /** Switches ONNX Runtime's profiler on: the beginning of the path of the file that it writes when the session ends. */
  readonly profile?: string;
}

/** Named tensors. */
export type Tensors = Readonly<Record<string, TensorData>>;

/** A tensor in the memory of a device. Call `dispose` when done: nothing else frees it. */
export interface DeviceTensor {
  readonly dtype: TensorData['dtype'];
  readonly shape: readonly number[];
  /** Copies it to the host. */
  read(): Promise<TensorData>;
  /** Frees the device's memory; a second call does nothing. */
  dispose(): void;
}

/** Named tensors in the memory of a device. */
export type DeviceTensors = Readonly<Record<string, DeviceTensor>>;

/** What a model is run on: tensors of the host, or of the session's device. */
export type Feeds = Readonly<Record<string, TensorData | DeviceTensor>>;

/** Runs whose feeds and results need not leave the device. */
export interface Resident {
  /** Copies tensors to the device. */
  upload(tensors: Tensors): Promise<DeviceTensors>;
  /**
   * Runs the model. The results named in `returned` come back to the host when `read` is called, once, perhaps after other
   * runs have been submitted; those of `keepOnDevice` stay, to be disposed of by the caller. Throws as `Session.run` does.
   */
  run(
    feeds: Feeds,
    returned: readonly string[],
  ): Promise<{ readonly read: () => Promise<Tensors>; readonly kept: DeviceTensors }>;
}

/** A loaded model. Holds native memory: call `dispose` when done. */
export interface Session {
  readonly device: DeviceReport;
  /** Names of the model's outputs. */
  readonly outputNames: readonly string[];
  /**
   * Runs the model. `outputs` are tensors that ONNX Runtime writes into, or names for which it allocates; the results
   * come back by name. The same tensor objects may be used again: their native counterparts are kept. Throws ModelError
   * for feeds that are missing or do not fit the model.
   */
  run(feeds: Feeds, outputs: Tensors | readonly string[]): Promise<Tensors>;
  /** Absent where the device has no memory of its own, or without `keepOnDevice`. */
  readonly resident?: Resident;
  /** Frees the native memory; a second call does nothing, a run afterwards is a ModelError. */
  dispose(): Promise<void>;
}

/** Makes sessions; one for each runtime (Node, browser). */
export type CreateSession = (model: Uint8Array, options?: SessionOptions) => Promise<Session>;

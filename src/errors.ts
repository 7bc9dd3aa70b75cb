/**
 * The named errors of ort-train. Every error says where, what was expected and what came. `UserError`s are mistakes
 * that the caller can mend (exit status 2 in the CLI); anything else is our own failure (exit status 1).
 */

/** Machine-readable error codes, as printed by `--json`. */
export type ErrorCode =
  | 'shape'
  | 'gradient'
  | 'graph'
  | 'option'
  | 'data'
  | 'checkpoint'
  | 'model'
  | 'device'
  | 'io'
  | 'offline'
  | 'diverged'
  | 'aborted'
  | 'storage'
  | 'worker'
  | 'internal';

/** Written out, as the names of the classes themselves do not outlive a bundler that shortens them. */
const names: Readonly<Record<ErrorCode, string>> = {
  shape: 'ShapeError',
  gradient: 'GradientError',
  graph: 'GraphError',
  option: 'OptionError',
  data: 'DataError',
  checkpoint: 'CheckpointError',
  model: 'ModelError',
  device: 'DeviceError',
  io: 'IoError',
  offline: 'OfflineError',
  diverged: 'DivergedError',
  aborted: 'AbortedError',
  storage: 'StorageError',
  worker: 'WorkerError',
  internal: 'OrtTrainError',
};

/** Base of all errors thrown on purpose by ort-train. */
export class OrtTrainError extends Error {
  /** Stable, machine-readable kind of the error. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = names[code];
    this.code = code;
  }
}

/** A mistake that whoever calls can mend. */
export class UserError extends OrtTrainError {}

/** Shapes or dtypes that do not fit an operator; names the operator, the layer, what was expected and what came. */
export class ShapeError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('shape', message, options);
  }
}

/** An operator that has no gradient, or refuses to be differentiated, stands between the loss and a parameter. */
export class GradientError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('gradient', message, options);
  }
}

/** An option out of its range: names the option, what it may be and what it was. */
export class OptionError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('option', message, options);
  }
}

/** Data that are missing, cut off, or not what their format says. */
export class DataError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('data', message, options);
  }
}

/** Files that could not be downloaded; the message says where to put them by hand. */
export class OfflineError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('offline', message, options);
  }
}

/** A checkpoint or a safetensors file that is damaged or belongs to another network. */
export class CheckpointError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('checkpoint', message, options);
  }
}

/** An `.onnx` file that cannot be read or is not what was asked for. */
export class ModelError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('model', message, options);
  }
}

/** An execution provider that is unknown or cannot start; says how to get it. */
export class DeviceError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('device', message, options);
  }
}

/** A device that was in use and is gone; what it held is lost. A run can go on from its last checkpoint on another one. */
export class DeviceLostError extends DeviceError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DeviceLostError';
  }
}

/** A file or folder that cannot be read or written. */
export class IoError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('io', message, options);
  }
}

/** The loss became NaN or infinite; names step, learning rate and the last good checkpoint. */
export class DivergedError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('diverged', message, options);
  }
}

/** The run was stopped through its `AbortSignal`. */
export class AbortedError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('aborted', message, options);
  }
}

/** The browser's storage is full, refused, damaged or in use by another page; says which and what to do. */
export class StorageError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('storage', message, options);
  }
}

/** A Web Worker or a worker thread that does not start or is gone; says what to do. */
export class WorkerError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('worker', message, options);
  }
}

/** A graph that breaks its own rules: a bug in ort-train, or in an operator written by the user. */
export class GraphError extends OrtTrainError {
  constructor(message: string, options?: ErrorOptions) {
    super('graph', message, options);
  }
}

/** Throws an internal error unless `condition` holds; for bugs, never for a user's mistake. */
export function assert(condition: unknown, message: string): asserts condition {
  if (
    condition === false ||
    condition === undefined ||
    condition === null ||
    condition === 0 ||
    condition === ''
  ) {
    throw new OrtTrainError('internal', `internal error: ${message}`);
  }
}

/**
 * The named errors of ort-train. Every error says where, what was expected and what came. `UserError`s are mistakes
 * that the caller can fix (exit status 2 in the CLI); anything else is our own failure (exit status 1).
 */

/** Machine-readable error codes, as printed by `--json`; the class of 'shape' is `ShapeError`, and so on. */
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

/** Base of all errors thrown on purpose by ort-train. */
export class OrtTrainError extends Error {
  /** Stable, machine-readable kind of the error. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    // From the code, as a bundler may shorten the names of the classes themselves.
    this.name =
      code === 'internal' ? 'OrtTrainError' : `${code.charAt(0).toUpperCase()}${code.slice(1)}Error`;
    this.code = code;
  }
}

/** A mistake that the caller can fix. */
export class UserError extends OrtTrainError {}

/** The base of the class of a code. */
function coded(
  code: ErrorCode,
  base: typeof OrtTrainError = UserError,
): new (message: string, options?: ErrorOptions) => UserError {
  return class extends base {
    constructor(message: string, options?: ErrorOptions) {
      super(code, message, options);
    }
  };
}

/** Shapes or dtypes that do not fit an operator; names the operator, the layer, what was expected and what came. */
export class ShapeError extends coded('shape') {}

/** An operator that has no gradient, or refuses to be differentiated, stands between the loss and a parameter. */
export class GradientError extends coded('gradient') {}

/** An option out of its range: names the option, what it may be and what it was. */
export class OptionError extends coded('option') {}

/** Data that are missing, cut off, or not what their format says. */
export class DataError extends coded('data') {}

/** Files that could not be downloaded; the message says where to put them by hand. */
export class OfflineError extends coded('offline') {}

/** A checkpoint or a safetensors file that is damaged or belongs to another network. */
export class CheckpointError extends coded('checkpoint') {}

/** An `.onnx` file that cannot be read or is not what was asked for. */
export class ModelError extends coded('model') {}

/** An execution provider that is unknown or cannot start; says how to get it. */
export class DeviceError extends coded('device') {}

/** A device that was in use and is gone; what it held is lost. A run can go on from its last checkpoint on another one. */
export class DeviceLostError extends DeviceError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DeviceLostError';
  }
}

/** A file or folder that cannot be read or written. */
export class IoError extends coded('io') {}

/** The loss became NaN or infinite; names step, learning rate and the last good checkpoint. */
export class DivergedError extends coded('diverged') {}

/** The run was stopped through its `AbortSignal`. */
export class AbortedError extends coded('aborted') {}

/** The browser's storage is full, refused, damaged or in use by another page; says which and what to do. */
export class StorageError extends coded('storage') {}

/** A Web Worker or a worker thread that does not start or is gone; says what to do. */
export class WorkerError extends coded('worker') {}

/** A graph that breaks its own rules: a bug in ort-train, or in an operator written by the user. */
export class GraphError extends coded('graph', OrtTrainError) {}

/** Throws an internal error unless `condition` holds; for bugs, never for a user's mistake. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new OrtTrainError('internal', `internal error: ${message}`);
}

/** What an error says; what was thrown without being one, as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

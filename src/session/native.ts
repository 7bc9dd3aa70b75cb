import { DeviceError, messageOf, ModelError } from '../errors.js';
import type { TensorData, Tensors } from '../program/index.js';

/** A tensor of ONNX Runtime, as both of its packages have it. */
interface Native {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** The result of that name, which the model must have given. */
export function present<T>(result: T | undefined, name: string): T {
  if (result === undefined) throw new ModelError(`the model gave no output '${name}'`);
  return result;
}

/** A result in the memory of the host. */
export function toHost(result: Native | undefined, name: string): TensorData {
  const { type, dims, data } = present(result, name);
  return { dtype: type as TensorData['dtype'], shape: dims, data: data as TensorData['data'] };
}

/** Whether only names of outputs were given, and no memory for them. */
export function isNames(outputs: Tensors | readonly string[]): outputs is readonly string[] {
  return Array.isArray(outputs);
}

/** Throws ModelError for a session whose resources are freed. */
export function expectLive(isDisposed: boolean): void {
  if (isDisposed) throw new ModelError('the session was disposed of: expected a run before that');
}

/** What a failed run throws: an error of the house as it is, everything else as a ModelError. */
export function runError(cause: unknown, device: string): Error {
  if (cause instanceof ModelError || cause instanceof DeviceError) return cause;
  return new ModelError(`ONNX Runtime cannot run the model on ${device}: ${reasonOf(cause)}`, { cause });
}

/** ONNX Runtime's message as one line, without its own source files, functions and failed conditions. */
export function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return message
    .replace(/^\/onnxruntime_src\/.* was false\. /s, '')
    .replace(/\s+/g, ' ')
    .trim();
}

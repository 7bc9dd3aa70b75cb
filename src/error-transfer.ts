import * as errors from './errors.js';
import { OrtTrainError, type ErrorCode } from './errors.js';

/** An error as plain data: structured cloning would keep an error's message, but not its class and code. */
export interface TransferredError {
  readonly name: string;
  readonly message: string;
  /** Of ort-train's own errors only: others may have the same name, such as the browser's DataError. */
  readonly code?: ErrorCode;
  readonly stack?: string;
  readonly cause?: TransferredError;
}

/** Names of the classes with a code of their own, which take a message first. */
type Coded = `${Capitalize<Exclude<ErrorCode, 'internal'>>}Error`;

/** Causes of causes that are taken along; a chain that leads back to itself ends there. */
const MOST_CAUSES = 8;

/**
 * Takes an error apart for sending. What is thrown without being an error becomes one with its text.
 *
 * @example
 * port.postMessage({ error: packError(new DataError('a.png: expected an image')) });
 */
export function packError(error: unknown, depth = 0): TransferredError {
  // Not every exception of a browser is an instance of Error; all have a name and a message.
  const { name, message, stack, cause } = (
    typeof error === 'object' && error !== null ? error : { message: String(error) }
  ) as Partial<Error>;
  return {
    name: name ?? 'Error',
    message: message ?? '',
    ...(error instanceof OrtTrainError && { code: error.code }),
    ...(stack !== undefined && { stack }),
    ...(cause !== undefined && depth < MOST_CAUSES && { cause: packError(cause, depth + 1) }),
  };
}

/**
 * The error again: of the same class where it is one of ort-train's (`instanceof DataError` holds), else an `Error` of
 * the same name. The stack is that of where it was thrown.
 */
export function unpackError({ name, message, code, stack, cause }: TransferredError): Error {
  const options = cause === undefined ? undefined : { cause: unpackError(cause) };
  let error: Error;
  if (code === undefined) {
    error = new Error(message, options);
    error.name = name;
  } else if (code === 'internal' || !Object.hasOwn(errors, name)) {
    error = new OrtTrainError(code, message, options);
  } else error = new errors[name as Coded](message, options);
  if (stack !== undefined) error.stack = stack;
  return error;
}

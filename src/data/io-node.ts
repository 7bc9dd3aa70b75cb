import { IoError } from '../errors.js';

/** Waits for work on files; what fails becomes an `IoError` that begins with `doing`. */
export async function orIoError<T>(doing: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new IoError(`${doing}: ${describeCause(cause)}`, { cause });
  }
}

/** Whether an error is the system's with this code, e.g. `ENOENT`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
  );
}

/** The innermost reason of an error: `fetch` says only `fetch failed` and hides the rest in `cause`. */
export function describeCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(describeCause))].join(', ');
  }
  if (error.cause instanceof Error) return describeCause(error.cause);
  return error.message || error.name;
}

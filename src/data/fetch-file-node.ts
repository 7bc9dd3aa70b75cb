import { open } from 'node:fs/promises';
import { AbortedError } from '../errors.js';
import { describeCause, orIoError } from './io-node.js';

/** One request for one file. */
export interface FetchFile {
  readonly url: string;
  /** Where to write; holds the first `offset` bytes of the file already. */
  readonly path: string;
  readonly offset: number;
  /** Gives up after this many milliseconds without an answer or another byte. */
  readonly timeoutMs: number;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (received: number, total: number | undefined) => void;
}

/** What the server sends: the file from byte `start` on, nothing (all is there), or not what was asked for. */
type Answer =
  | { readonly kind: 'body'; readonly start: number; readonly total: number | undefined }
  | { readonly kind: 'complete' | 'restart' }
  | { readonly kind: 'problem'; readonly problem: string };

class NetworkError extends Error {}

/**
 * Fetches the rest of a file and appends it; starts again from the first byte if the server does not support ranges.
 *
 * @returns What went wrong at the server or on the way, or undefined if all has come.
 * @throws AbortedError if `signal` says so, IoError if the file cannot be written.
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
 */
export async function fetchFile(request: FetchFile): Promise<string | undefined> {
  const { url, offset, timeoutMs, signal } = request;
  const stall = new AbortController();
  const timer = setTimeout(() => {
    stall.abort(new Error(`nothing came for ${timeoutMs / 1000} s`));
  }, timeoutMs);
  try {
    const asked = request.fetch(url, {
      // Compression on the way would change lengths and ranges.
      headers: { 'accept-encoding': 'identity', ...(offset > 0 && { range: `bytes=${offset}-` }) },
      signal: signal === undefined ? stall.signal : AbortSignal.any([signal, stall.signal]),
    });
    const response = await fromNetwork(asked);
    const answer = readAnswer(response, offset);
    if (answer.kind === 'body') {
      const received = await writeBody(request, response, answer, () => timer.refresh());
      return answer.total === undefined || received === answer.total
        ? undefined
        : `cut off after ${received} of ${answer.total} bytes`;
    }
    if (answer.kind === 'complete') return undefined;
    if (answer.kind === 'problem') return answer.problem;
  } catch (error) {
    if (signal?.aborted) throw new AbortedError(`${url}: the download was stopped`, { cause: error });
    if (error instanceof NetworkError) return error.message;
    throw error;
  } finally {
    clearTimeout(timer);
    stall.abort();
  }
  return fetchFile({ ...request, offset: 0 });
}

function readAnswer({ status, statusText, headers }: Response, offset: number): Answer {
  if (status === 200) {
    const length = headers.has('content-encoding') ? null : headers.get('content-length');
    return { kind: 'body', start: 0, total: length === null ? undefined : Number(length) };
  }
  const [, start, total] =
    /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (status === 206 && start !== undefined && Number(start) === offset) {
    return { kind: 'body', start: offset, total: total === '*' ? undefined : Number(total) };
  }
  if (status === 416 && offset > 0 && Number(total) === offset) return { kind: 'complete' };
  if ((status === 206 || status === 416) && offset > 0) return { kind: 'restart' };
  return { kind: 'problem', problem: `HTTP ${status} ${statusText}`.trimEnd() };
}

/** Writes what arrives; returns the size of the file afterwards. */
async function writeBody(
  { path, onBytes }: FetchFile,
  { body }: Response,
  { start, total }: { readonly start: number; readonly total: number | undefined },
  onAlive: () => void,
): Promise<number> {
  const doing = `${path}: cannot write the file`;
  const file = await orIoError(doing, open(path, start === 0 ? 'w' : 'a'));
  let received = start;
  try {
    const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = body?.getReader();
    for (;;) {
      const chunk = reader && (await fromNetwork(reader.read()));
      if (chunk?.value === undefined) return received;
      onAlive();
      await orIoError(doing, file.writeFile(chunk.value));
      received += chunk.value.length;
      onBytes(received, total);
    }
  } finally {
    await file.close();
  }
}

async function fromNetwork<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new NetworkError(describeCause(cause), { cause });
  }
}

import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AbortedError, OfflineError } from '../errors.js';
import { fileProblem } from './digest-node.js';
import { fetchFile } from './fetch-file-node.js';
import { orIoError } from './io-node.js';
import type { Digest } from './known-sets.js';
import { claimPartial, releasePartial, touchPartial } from './partial-node.js';

/** Progress of the download of one file. */
export interface DownloadProgress {
  /** File name, e.g. `train-images-idx3-ubyte.gz`. */
  readonly file: string;
  /** Base address of the mirror. */
  readonly mirror: string;
  /** Bytes received, including those of an earlier try. */
  readonly received: number;
  /** Size of the file in bytes, where the server says it. */
  readonly total: number | undefined;
}

/** How to fetch from mirrors. */
export interface MirrorOptions {
  /** Called whenever bytes have arrived. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the download; what has arrived is kept for the next try. */
  readonly signal?: AbortSignal;
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** A mirror is given up after this many milliseconds without an answer or another byte; 30000 unless given. */
  readonly timeoutMs?: number;
}

/** How often a mirror that cuts the connection is asked again, as long as each time brings more bytes. */
const ATTEMPTS = 3;

/** One file of a data set. */
export interface Wanted {
  readonly folder: string;
  readonly file: string;
  readonly digests: readonly Digest[];
  readonly mirrors: readonly string[];
  readonly options: MirrorOptions;
  /** The file that is in the folder already, and what is wrong with it. */
  readonly there?: { readonly path: string; readonly problem: string };
  /** Lines that say what to do if no mirror has it. */
  readonly byHand: readonly string[];
}

/**
 * Fetches a file from the first mirror that has it, checks its digest, and gives it its name.
 *
 * @returns The mirror that had it.
 * @throws OfflineError that lists each address with its cause, AbortedError, IoError.
 */
export async function fetchFromMirrors(wanted: Wanted): Promise<string> {
  const { folder, file, mirrors, options } = wanted;
  const staleMs = 2 * timeoutOf(options);
  const partial = await orIoError(`${folder}: cannot use the folder`, claimPartial(folder, file, staleMs));
  const failures: string[] = [];
  try {
    for (const mirror of mirrors) {
      const url = `${mirror.replace(/\/$/, '')}/${file}`;
      const problem = await tryMirror(wanted, mirror, url, partial);
      if (problem === undefined) {
        const path = join(folder, file);
        await orIoError(`${path}: cannot put the file there`, rename(partial, path));
        return mirror;
      }
      failures.push(`  ${url}: ${problem}`);
    }
  } finally {
    await orIoError(`${partial}: cannot rename the file`, releasePartial(partial, folder, file));
  }
  throw new OfflineError(
    [
      `${file} could not be downloaded:`,
      ...(failures.length > 0 ? failures : ['  no mirror was given']),
      ...(wanted.there === undefined
        ? []
        : [`${wanted.there.path} is there, but cannot be used: ${wanted.there.problem}`]),
      ...wanted.byHand,
    ].join('\n'),
  );
}

/** Returns what is wrong with the mirror, or undefined when `partial` holds the genuine file. */
async function tryMirror(
  { file, digests, options }: Wanted,
  mirror: string,
  url: string,
  partial: string,
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    if (options.signal?.aborted) {
      throw new AbortedError(`${url}: the download was stopped`, { cause: options.signal.reason });
    }
    const offset = await touchPartial(partial);
    const problem = await fetchFile({
      url,
      path: partial,
      offset,
      timeoutMs: timeoutOf(options),
      fetch: options.fetch ?? globalThis.fetch,
      signal: options.signal,
      onBytes: (received, total) => options.onProgress?.({ file, mirror, received, total }),
    });
    if (problem !== undefined) {
      if (attempt < ATTEMPTS && (await touchPartial(partial)) > offset) continue;
      return problem;
    }
    const wrong = await fileProblem(partial, digests);
    if (wrong === undefined) return undefined;
    await orIoError(`${partial}: cannot delete the file`, rm(partial, { force: true }));
    // With bytes from an earlier try, those may be wrong: once more from the start.
    if (offset === 0) return wrong;
  }
}

function timeoutOf({ timeoutMs = 30_000 }: MirrorOptions): number {
  return timeoutMs;
}

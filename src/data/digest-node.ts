import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DataError } from '../errors.js';
import { digestProblem, type Hash } from './digest.js';
import { gunzipIfNeeded } from './gunzip.js';
import { orIoError } from './io-node.js';
import type { Digest } from './known-sets.js';

/** Node's own hashes. */
export const nodeHash: Hash = (algorithm, bytes) =>
  Promise.resolve(createHash(algorithm).update(bytes).digest('hex'));

/** As `digestProblem`, for a file; damage is a problem, too. IoError if it cannot be read. */
export async function fileProblem(path: string, digests: readonly Digest[]): Promise<string | undefined> {
  const stored = await orIoError(`${path}: cannot read the file`, readFile(path));
  try {
    return await digestProblem(stored, () => gunzipIfNeeded(stored, 'the file'), digests, nodeHash);
  } catch (error) {
    if (error instanceof DataError) return error.message;
    throw error;
  }
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DataError } from '../errors.js';
import { gunzipIfNeeded, isGzip } from './gunzip.js';
import { orIoError } from './io-node.js';
import type { Digest } from './known-sets.js';

/**
 * Compares a stored file with the digests of the genuine one; one that matches is enough.
 *
 * @param stored - The file as it lies on the disk.
 * @param content - Gives its uncompressed bytes; asked only if no digest of the gzip file matches.
 * @returns What was expected and what came, or undefined if the file is genuine.
 */
export async function digestProblem(
  stored: Uint8Array,
  content: () => Promise<Uint8Array>,
  digests: readonly Digest[],
): Promise<string | undefined> {
  const problems: string[] = [];
  const ofGzip = isGzip(stored) ? digests.filter((digest) => digest.of === 'gzip') : [];
  for (const digest of [...ofGzip, ...digests.filter(({ of }) => of === 'content')]) {
    const { algorithm, of, hex } = digest;
    const bytes = of === 'gzip' ? stored : await content();
    const came = createHash(algorithm).update(bytes).digest('hex');
    if (came === hex) return undefined;
    problems.push(`expected ${algorithm} ${hex} of the ${of}, got ${came}`);
  }
  return problems.length > 0 ? problems.join('; ') : 'expected a gzip file, got another one';
}

/** As `digestProblem`, of a file; damage is a problem, too. IoError if it cannot be read. */
export async function fileProblem(path: string, digests: readonly Digest[]): Promise<string | undefined> {
  const stored = await orIoError(`${path}: cannot read the file`, readFile(path));
  try {
    return await digestProblem(stored, () => gunzipIfNeeded(stored, 'the file'), digests);
  } catch (error) {
    if (error instanceof DataError) return error.message;
    throw error;
  }
}

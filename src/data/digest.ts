import { isGzip } from './gunzip.js';
import type { Digest } from './known-sets.js';

/** Hashes bytes, to lower-case hexadecimal; undefined for an algorithm that is not there (MD5 in browsers). */
export type Hash = (algorithm: Digest['algorithm'], bytes: Uint8Array) => Promise<string | undefined>;

/**
 * Compares a stored file with the digests of the genuine one; one that matches is enough.
 *
 * @param stored - The file as it lies on the disk.
 * @param content - Gives its uncompressed bytes; asked only if no digest of the gzip file matches.
 * @returns What was expected and what came, or undefined if the file is genuine.
 * @throws As `content`, for a file that is not genuine and cannot be unpacked.
 */
export async function digestProblem(
  stored: Uint8Array,
  content: () => Promise<Uint8Array>,
  digests: readonly Digest[],
  hash: Hash,
): Promise<string | undefined> {
  const problems: string[] = [];
  const ofGzip = isGzip(stored) ? digests.filter((digest) => digest.of === 'gzip') : [];
  for (const digest of [...ofGzip, ...digests.filter(({ of }) => of === 'content')]) {
    const { algorithm, of, hex } = digest;
    const came = await hash(algorithm, of === 'gzip' ? stored : await content());
    if (came === hex) return undefined;
    problems.push(`expected ${algorithm} ${hex} of the ${of}, got ${came ?? `no ${algorithm} here`}`);
  }
  // Where the file is cut off or damaged, that says more than a digest: unpacking it throws.
  if (isGzip(stored)) await content();
  return problems.length > 0 ? problems.join('; ') : 'expected a gzip file, got another one';
}

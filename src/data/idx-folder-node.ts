import { join } from 'node:path';
import type { MemorySplit } from './dataset.js';
import { nodeHash } from './digest-node.js';
import { nodeFolder } from './folder-node.js';
import { idxRoles, type IdxRole } from './idx-files.js';
import { idxFilesIn, idxLookedFor, readIdxSet, type IdxFolderOptions } from './idx-set.js';
import { knownSet } from './known-sets.js';

/**
 * Reads a data set in MNIST's layout: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`
 * and `t10k-labels-idx1-ubyte`, each plain or `.gz`, or with a dot before `idx`.
 *
 * @returns Both halves with one channel, pixels 0..255.
 * @throws DataError if the folder or a file is missing, a file is damaged or does not fit the others, or is not that
 *   of the known set; IoError if it cannot be read; OptionError for an unknown name in `known`.
 * @see http://yann.lecun.com/exdb/mnist/ (the IDX file format)
 * @example
 * const { train, test } = await loadIdxFolder('data/mnist', { known: 'mnist' });
 */
export async function loadIdxFolder(folder: string, options: IdxFolderOptions = {}): Promise<MemorySplit> {
  if (options.known !== undefined) knownSet(options.known);
  return readIdxSet(await nodeFolder(folder, idxLookedFor(idxRoles)), options, nodeHash);
}

/**
 * The path of the best file for each role that the folder has.
 *
 * @throws DataError if there is no such folder, IoError if it cannot be listed.
 */
export async function findIdxFiles(folder: string): Promise<ReadonlyMap<IdxRole, string>> {
  const found = idxFilesIn(await nodeFolder(folder, idxLookedFor(idxRoles)));
  return new Map(Array.from(found, ([role, name]) => [role, join(folder, name)]));
}

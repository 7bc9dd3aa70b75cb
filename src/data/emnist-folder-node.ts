import type { MemorySplit } from './dataset.js';
import { emnistLookedFor, readEmnistSet, type EmnistFolderOptions } from './emnist-set.js';
import { nodeFolder } from './folder-node.js';

/**
 * Reads one of EMNIST's sets from a folder of its published files: `emnist-letters-train-images-idx3-ubyte.gz` and so on,
 * plain or `.gz`. Pictures are put upright, labels begin with 0.
 *
 * @returns Both halves with one channel, pixels 0..255.
 * @throws DataError if the folder or a file is missing or damaged, or the folder holds several sets and none was named;
 *   IoError if it cannot be read.
 * @see https://www.nist.gov/itl/products-and-services/emnist-dataset
 * @example
 * const { train, test } = await loadEmnistFolder('data/emnist', { set: 'letters' });
 */
export async function loadEmnistFolder(
  folder: string,
  options: EmnistFolderOptions = {},
): Promise<MemorySplit> {
  return readEmnistSet(await nodeFolder(folder, emnistLookedFor), options);
}

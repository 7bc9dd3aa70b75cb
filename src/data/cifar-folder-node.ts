import { readCifarFolder, type CifarFolderOptions } from './cifar-set.js';
import type { MemorySplit } from './dataset.js';
import { nodeHash } from './digest-node.js';
import { nodeFolder } from './folder-node.js';

/**
 * Reads a CIFAR set in its binary layout from a folder that holds the `.bin` files, the archive's own folder
 * (`cifar-10-batches-bin`, `cifar-100-binary`) with them, or the publisher's `.tar.gz`; in this order.
 *
 * @returns Both halves, [count, 3, 32, 32], pixels 0..255; of CIFAR-100 the fine labels.
 * @throws DataError if the folder or a file is missing, a file is damaged, or is not that of the known set; IoError if
 *   it cannot be read.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html (binary version)
 * @example
 * const { train, test } = await loadCifarFolder('data/cifar-10-batches-bin');
 */
export async function loadCifarFolder(
  folder: string,
  options: CifarFolderOptions = {},
): Promise<MemorySplit> {
  return readCifarFolder(await nodeFolder(folder, 'a CIFAR set'), options, nodeHash);
}

import { DataError } from '../errors.js';
import { cifarKindIn, cifarLookedFor, readCifarFolder } from './cifar-set.js';
import type { MemorySplit } from './dataset.js';
import type { Hash } from './digest.js';
import { shownNames, type DataFolder } from './folder.js';
import { idxRoles } from './idx-files.js';
import { idxFilesIn, idxLookedFor, readIdxSet, type IdxFolderOptions } from './idx-set.js';

/** The data sets that a folder may hold, for errors. */
export const setsLookedFor = `IDX files (${idxLookedFor(idxRoles)}) or a CIFAR set (${cifarLookedFor()})`;

/** Whether a folder holds files of a set, all or some of them. DataError if it holds both CIFAR sets. */
export function holdsSet(folder: DataFolder): boolean {
  return cifarKindIn(folder) !== undefined || idxFilesIn(folder).size > 0;
}

/**
 * The data set of a folder: IDX or CIFAR files.
 *
 * @throws DataError if it holds neither, or as `loadIdxFolder` and `loadCifarFolder`.
 */
export async function readSet(
  folder: DataFolder,
  options: Pick<IdxFolderOptions, 'classes' | 'fallbackClasses'>,
  hash: Hash,
): Promise<MemorySplit> {
  if (cifarKindIn(folder) !== undefined) return readCifarFolder(folder, options, hash);
  if (idxFilesIn(folder).size > 0) return readIdxSet(folder, options, hash);
  throw new DataError(`${folder.where}: expected ${setsLookedFor}; ${shownNames(folder.entries.keys())}`);
}

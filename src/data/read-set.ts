import { DataError } from '../errors.js';
import { pythonEditionIn } from './cifar-python.js';
import { cifarKindIn, cifarLookedFor, readCifarFolder } from './cifar-set.js';
import type { MemorySplit } from './dataset.js';
import type { Hash } from './digest.js';
import { emnistLookedFor, emnistSetIn, emnistSetsIn, readEmnistSet } from './emnist-set.js';
import { shownNames, type DataFolder } from './folder.js';
import { idxRoles } from './idx-files.js';
import { idxFilesIn, idxLookedFor, readIdxSet, type IdxFolderOptions } from './idx-set.js';

/** The data sets that a folder may hold, for errors. */
export const setsLookedFor = `IDX files (${idxLookedFor(idxRoles)}), EMNIST's (${emnistLookedFor}) or a CIFAR set (${cifarLookedFor()})`;

/** The kinds of sets that are files of their own forms, not pictures. */
export type SetKind = 'cifar' | 'emnist' | 'idx';

/**
 * Which kind of set a folder holds files of, all or some of them; undefined for none.
 *
 * @throws DataError if it holds several sets, or the Python edition of CIFAR, which is not read.
 */
export function setKindIn(folder: DataFolder): SetKind | undefined {
  const kinds: readonly SetKind[] = [
    ...(cifarKindIn(folder) === undefined ? [] : (['cifar'] as const)),
    ...(emnistSetsIn(folder).length === 0 ? [] : (['emnist'] as const)),
    ...(idxFilesIn(folder).size === 0 ? [] : (['idx'] as const)),
  ];
  const [kind] = kinds;
  if (kinds.length > 1) {
    throw new DataError(
      `${folder.where}: expected the files of one data set, got files of several kinds (${kinds.join(', ')})`,
    );
  }
  const python = kind === undefined ? pythonEditionIn(folder) : undefined;
  if (python !== undefined) throw python;
  if (kind === 'emnist') emnistSetIn(folder);
  return kind;
}

/** Whether a folder holds files of a set, all or some of them. Throws as `setKindIn`. */
export function holdsSet(folder: DataFolder): boolean {
  return setKindIn(folder) !== undefined;
}

/**
 * The data set of a folder: IDX, EMNIST or CIFAR files.
 *
 * @throws DataError if it holds none of them, or as `loadIdxFolder`, `loadEmnistFolder` and `loadCifarFolder`.
 */
export async function readSet(
  folder: DataFolder,
  options: Pick<IdxFolderOptions, 'classes' | 'fallbackClasses'>,
  hash: Hash,
): Promise<MemorySplit> {
  const kind = setKindIn(folder);
  if (kind === 'cifar') return readCifarFolder(folder, options, hash);
  if (kind === 'emnist') return readEmnistSet(folder, options);
  if (kind === 'idx') return readIdxSet(folder, options, hash);
  throw new DataError(`${folder.where}: expected ${setsLookedFor}; ${shownNames(folder.entries.keys())}`);
}

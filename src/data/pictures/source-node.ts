import { access } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { DataError } from '../../errors.js';
import { pythonArchive } from '../cifar-python.js';
import { cifarSets } from '../cifar-sets.js';
import { emnistNamed, type EmnistName } from '../emnist.js';
import { emnistSetIn } from '../emnist-set.js';
import { isFolder, nodeFolder } from '../folder-node.js';
import { idxFileNames, idxRoles } from '../idx-files.js';
import { setKindIn } from '../read-set.js';
import { isPattern } from './braces.js';
import { isPictureName } from './junk.js';
import { isList } from './list-file-node.js';
import { isShards } from './shards-node.js';

/** What a path leads to, and so how it is read. */
export type DataSource =
  /** `loadIdxFolder(folder)`, `loadCifarFolder(folder)` */
  | { readonly kind: 'idx' | 'cifar'; readonly folder: string }
  /** `loadEmnistFolder(folder, { set })` */
  | { readonly kind: 'emnist'; readonly folder: string; readonly set: EmnistName }
  /** `listPictures(path)`: a folder of pictures, a list, or shards. */
  | { readonly kind: 'pictures'; readonly path: string };

/** What `sourceOf` takes, for errors. */
export const sourcesLookedFor =
  'a folder with a folder of pictures for each class, a list of pictures (.csv, .jsonl), tar shards ' +
  "('shards-{000..009}.tar'), or a folder with the IDX files of MNIST or EMNIST or the binary version of CIFAR";

/**
 * Tells what a path is: a folder of pictures, of IDX, EMNIST or CIFAR files; `folder/emnist-letters`, one of the sets in a
 * folder of EMNIST's; a list of pictures; tar shards. Names are looked at only.
 *
 * @param names - Names that would have been taken in place of a path, for the error.
 * @throws DataError for anything else, saying what is taken; for a folder of several sets; for the Python edition of CIFAR.
 * @example
 * const source = await sourceOf('photos'); // { kind: 'pictures', path: 'photos' }
 */
export async function sourceOf(path: string, names: readonly string[] = []): Promise<DataSource> {
  if (await isFolder(path)) {
    const folder = await nodeFolder(path, 'a data set');
    const kind = setKindIn(folder);
    if (kind === undefined) return { kind: 'pictures', path };
    return kind === 'emnist' ? { kind, folder: path, set: emnistSetIn(folder) } : { kind, folder: path };
  }
  const python = pythonArchive(path);
  if (python !== undefined) throw python;
  const exists = await isThere(path);
  if (isList(path) && exists) return { kind: 'pictures', path };
  // A missing shard has an error of its own.
  if (isShards(path) && !isCifarArchive(path) && (exists || isPattern(path)))
    return { kind: 'pictures', path };
  const emnist = emnistNamed(basename(path));
  if (emnist !== undefined && (await isFolder(dirname(path)))) {
    return { kind: 'emnist', folder: dirname(path), set: emnist };
  }
  const looked = `${names.length > 0 ? `one of ${names.join(', ')}, or ` : ''}${sourcesLookedFor}`;
  const came = exists ? `got a file of another kind${hintFor(path)}` : 'but there is no such file or folder';
  throw new DataError(`data ${path}: expected ${looked}, ${came}`);
}

/** What to do with a file that comes near to what is taken. */
function hintFor(path: string): string {
  const name = basename(path);
  const parts = idxRoles.some((role) => idxFileNames(role).includes(name)) || isCifarArchive(path);
  if (parts || /^emnist-.*-ubyte(\.gz)?$/.test(name))
    return `; give the folder that it lies in, ${dirname(path)}`;
  if (isPictureName(name)) return '; give the folder of the pictures';
  if (/\.(zip|gz|7z|rar|bz2|xz)$/i.test(name)) return '; unpack it and give the folder';
  return '';
}

function isCifarArchive(path: string): boolean {
  return Object.values(cifarSets).some(({ archive }) => archive === basename(path));
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

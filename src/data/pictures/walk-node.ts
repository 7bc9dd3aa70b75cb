import { readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent, Stats } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { DataError, IoError } from '../../errors.js';
import { describeCause, hasCode } from '../io-node.js';
import { junkReason, otherReason } from './junk.js';
import type { FoundFolder, FoundPicture } from './found.js';
import type { SkippedFile } from './listing.js';
import { sortedByCode } from './names.js';

/** A folder on the way down. */
interface Place {
  /** From the top, separated by `/`; empty for the top. */
  readonly path: string;
  /** The real paths of the folder and of all that it lies in. */
  readonly chain: readonly string[];
}

/**
 * All pictures below a folder, and what was left out. Links are followed, except to a folder that holds them.
 *
 * @throws DataError if there is no such folder, IoError if one cannot be listed.
 */
export async function walkFolder(top: string): Promise<FoundFolder> {
  const pictures: FoundPicture[] = [];
  const folders: string[] = [];
  const skipped: SkippedFile[] = [];
  const whereOf = (path: string): string => join(top, path);
  const entries = await list(top, true);
  const waiting: Place[] = [{ path: '', chain: [await realpath(top)] }];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const listed = place.path === '' ? entries : await list(whereOf(place.path), false);
    for (const entry of listed) {
      const path = place.path === '' ? entry.name : `${place.path}/${entry.name}`;
      const skip = (why: string): void => void skipped.push({ where: whereOf(path), why });
      const junk = junkReason(entry.name);
      if (junk !== undefined) {
        skip(junk);
        continue;
      }
      const kind = await kindOf(entry, whereOf(path));
      if (kind === 'folder') {
        const real = await realPathOf(entry, whereOf(path), place);
        if (place.chain.includes(real)) skip('a link back to a folder that it lies in');
        else {
          folders.push(path);
          waiting.push({ path, chain: [...place.chain, real] });
        }
      } else if (kind === 'file') {
        const other = otherReason(entry.name);
        if (other === undefined) pictures.push({ path, at: { path: resolve(whereOf(path)) } });
        else skip(other);
      } else skip(kind);
    }
  }
  return {
    ...{ name: basename(resolve(top)), where: top, pictures, folders, whereOf },
    skipped: sortedByCode(skipped, ({ where }) => where),
    entries: entries.map(({ name }) => name),
  };
}

async function list(folder: string, isTop: boolean): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    if (isTop && hasCode(cause, 'ENOENT', 'ENOTDIR')) {
      const came = hasCode(cause, 'ENOENT') ? 'there is no such folder' : 'it is not a folder';
      throw new DataError(`${folder}: expected a folder of pictures, but ${came}`, { cause });
    }
    throw new IoError(`${folder}: cannot list the folder: ${describeCause(cause)}`, { cause });
  }
}

/** `file`, `folder`, or why it is neither. */
async function kindOf(entry: Dirent, path: string): Promise<string> {
  if (entry.isDirectory()) return 'folder';
  if (entry.isFile()) return 'file';
  let target: Stats;
  try {
    target = await stat(path);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return 'a link to nothing';
    if (hasCode(cause, 'ELOOP')) return 'a link to itself';
    throw new IoError(`${path}: cannot read the file: ${describeCause(cause)}`, { cause });
  }
  return target.isDirectory() ? 'folder' : target.isFile() ? 'file' : 'no file';
}

async function realPathOf(entry: Dirent, path: string, { chain }: Place): Promise<string> {
  return entry.isDirectory() ? join(chain.at(-1) ?? '', entry.name) : realpath(path);
}

import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { DataError, IoError } from '../errors.js';
import type { DataFolder } from './folder.js';
import { describeCause, hasCode, orIoError } from './io-node.js';

/**
 * A folder on the disk.
 *
 * @param expected - What it should hold, for errors: `a CIFAR set`.
 * @throws DataError if there is no such folder, IoError if it cannot be listed.
 */
export async function nodeFolder(path: string, expected: string): Promise<DataFolder> {
  let entries: DataFolder['entries'];
  try {
    const found = await readdir(path, { withFileTypes: true });
    entries = new Map(found.map((entry) => [entry.name, entry.isDirectory() ? 'folder' : 'file']));
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT', 'ENOTDIR')) {
      throw new IoError(`${path}: cannot list the folder: ${describeCause(cause)}`, { cause });
    }
    const came = hasCode(cause, 'ENOENT') ? 'there is no such folder' : 'it is not a folder';
    throw new DataError(`${path}: expected a folder with ${expected}, but ${came}`, { cause });
  }
  return {
    where: path,
    name: basename(resolve(path)),
    entries,
    pathOf: (name) => join(path, name),
    read(name) {
      const file = join(path, name);
      return orIoError(`${file}: cannot read the file`, readFile(file));
    },
    open: (name) => nodeFolder(join(path, name), expected),
  };
}

/** Whether a path is that of a folder. */
export async function isFolder(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info?.isDirectory() === true;
}

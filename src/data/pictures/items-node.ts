import { open, readFile, type FileHandle } from 'node:fs/promises';
import { DataError } from '../../errors.js';
import { orIoError } from '../io-node.js';
import type { PictureAt } from './listing.js';

/** A file that parts are read of: kept open, as a shard holds thousands of pictures. */
interface OpenFile {
  readonly handle: Promise<FileHandle>;
  /** How many reads are at work in it. */
  users: number;
}

/** As many shards may be read in turn without opening one again; systems allow a process 256 files and more. */
const MOST_OPEN = 32;

/** By path, the one used longest ago first. */
const openFiles = new Map<string, OpenFile>();

/**
 * The bytes of a picture, as they are stored.
 *
 * @throws IoError if the file cannot be read, DataError if it is shorter than it was when it was listed.
 * @example
 * const [item] = (await listPictures('photos')).parts.train;
 * const png = await readItem(item.at);
 */
export async function readItem(at: PictureAt): Promise<Uint8Array> {
  if ('file' in at) {
    const end = at.size === undefined ? undefined : (at.offset ?? 0) + at.size;
    const part = at.file.slice(at.offset ?? 0, end);
    return new Uint8Array(await orIoError('a file in memory: cannot read it', part.arrayBuffer()));
  }
  const { path, offset, size } = at;
  const doing = `${path}: cannot read the file`;
  if (size === undefined) {
    const bytes = await orIoError(doing, readFile(path));
    return offset === undefined ? bytes : bytes.subarray(offset);
  }
  return withOpenFile(path, (handle) => orIoError(doing, readRange(handle, path, offset ?? 0, size)));
}

/** Closes the shards that `readItem` keeps open, as soon as they are not in use. */
export async function closeItemFiles(): Promise<void> {
  const idle = Array.from(openFiles).filter(([, { users }]) => users === 0);
  await Promise.all(idle.map(([path, file]) => close(path, file)));
}

async function withOpenFile<T>(path: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const file = openFiles.get(path) ?? { handle: open(path), users: 0 };
  openFiles.delete(path);
  openFiles.set(path, file);
  file.users += 1;
  try {
    return await use(await orIoError(`${path}: cannot open the file`, file.handle));
  } catch (error) {
    // The next read tries again.
    if (openFiles.get(path) === file && (await isRejected(file.handle))) openFiles.delete(path);
    throw error;
  } finally {
    file.users -= 1;
    await closeSurplus();
  }
}

async function closeSurplus(): Promise<void> {
  for (const [path, file] of Array.from(openFiles)) {
    if (openFiles.size <= MOST_OPEN) return;
    if (file.users === 0) await close(path, file);
  }
}

async function close(path: string, file: OpenFile): Promise<void> {
  openFiles.delete(path);
  await (await file.handle).close();
}

async function isRejected(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => false,
    () => true,
  );
}

async function readRange(
  handle: FileHandle,
  path: string,
  offset: number,
  size: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let got = 0;
  while (got < size) {
    const { bytesRead } = await handle.read(bytes, got, size - got, offset + got);
    if (bytesRead === 0) {
      throw new DataError(
        `${path}: expected ${size} bytes from byte ${offset} on, got ${got}: it was cut off since`,
      );
    }
    got += bytesRead;
  }
  return bytes;
}

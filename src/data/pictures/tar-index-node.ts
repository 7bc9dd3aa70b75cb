import { open, type FileHandle } from 'node:fs/promises';
import { DataError, IoError } from '../../errors.js';
import { describeCause, hasCode, orIoError } from '../io-node.js';
import { isTarFile, readTarHeader, TAR_BLOCK, type TarHeader } from '../tar-header.js';

/** A file inside of a tar archive: where its bytes lie. */
export interface TarMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** Reads some bytes of the archive. */
type Read = (offset: number, size: number) => Promise<Uint8Array>;

/** Headers of small files that follow one another come with one read; a picture's content is passed over. */
const WINDOW = 8192;

/** Extended headers hold names: one that claims more than this is damaged. */
const LONGEST_HEADER = 2 ** 20;

/**
 * Goes through the files of a tar archive (ustar, pax or GNU with long names) by its headers: contents are not read,
 * except by `content`, for small ones.
 *
 * @throws DataError if it does not exist, is compressed, damaged or cut off; IoError if it cannot be read.
 */
export async function indexTar(
  path: string,
  visit: (member: TarMember, content: () => Promise<Uint8Array>) => void | Promise<void>,
): Promise<void> {
  const handle = await openArchive(path);
  try {
    const { size: length } = await orIoError(`${path}: cannot read the file`, handle.stat());
    const read = windowed(handle, path, length);
    if (length === 0) throw new DataError(`${path}: expected a tar archive, got an empty file`);
    const [first, second] = await read(0, Math.min(2, length));
    if (first === 0x1f && second === 0x8b) throw compressed(path);
    await eachMember(path, length, read, visit);
  } finally {
    await handle.close();
  }
}

/** The error for a shard that is packed with gzip. */
export function compressed(path: string): DataError {
  return new DataError(
    `${path}: expected a tar archive that is not compressed: in a .tar.gz no picture can be found without unpacking all ` +
      'before it; unpack it once (gunzip), which makes it hardly larger, as pictures are compressed already',
  );
}

async function openArchive(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) {
      throw new DataError(`${path}: expected a tar archive, but there is no such file`, { cause });
    }
    throw new IoError(`${path}: cannot open the file: ${describeCause(cause)}`, { cause });
  }
}

async function eachMember(
  path: string,
  length: number,
  read: Read,
  visit: (member: TarMember, content: () => Promise<Uint8Array>) => void | Promise<void>,
): Promise<void> {
  // Of the extended header before a file: its whole name, its size.
  let longer: { readonly name?: string; readonly size?: number } = {};
  for (let at = 0; ;) {
    if (at + TAR_BLOCK > length) {
      throw new DataError(`${path}: expected a whole tar archive, but it is cut off at byte ${length}`);
    }
    const header = readTarHeader(await read(at, TAR_BLOCK), path, at);
    if (header === undefined) return;
    const offset = at + TAR_BLOCK;
    const size = isExtended(header) ? header.size : (longer.size ?? header.size);
    const name = isExtended(header) ? header.name : (longer.name ?? header.name);
    if (offset + size > length) {
      throw new DataError(
        `${path}: ${name}: expected ${size} bytes, got ${length - offset}: the archive is cut off`,
      );
    }
    const content = (): Promise<Uint8Array> => read(offset, size);
    if (isExtended(header)) {
      if (size > LONGEST_HEADER) {
        throw new DataError(
          `${path}: expected an extended header of names at byte ${at}, got one of ${size} bytes`,
        );
      }
      longer = { ...longer, ...extension(header, await content(), `${path}: ${name}`) };
    } else {
      if (isTarFile(header)) await visit({ name: name.replace(/^\.\//, ''), offset, size }, content);
      longer = {};
    }
    at = offset + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
}

/** Whether it tells of the file behind it: pax (`x`, `g` for all), GNU (`L` the name, `K` a link's). */
function isExtended({ type }: TarHeader): boolean {
  return 'xgLK'.includes(type);
}

function extension(
  { type }: TarHeader,
  content: Uint8Array,
  where: string,
): { name?: string; size?: number } {
  if (type === 'L') return { name: new TextDecoder().decode(content).replace(/\0.*$/s, '') };
  if (type !== 'x') return {};
  const records = paxRecords(content);
  const [name, size] = [records.get('path'), records.get('size')];
  // A negative one would lead back to this header, for ever.
  if (size !== undefined && !(/^\d+$/.test(size) && Number.isSafeInteger(Number(size)))) {
    throw new DataError(`${where}: expected the size in its records in digits, got ${JSON.stringify(size)}`);
  }
  return { ...(name !== undefined && { name }), ...(size !== undefined && { size: Number(size) }) };
}

/** Records of the form `<length> <key>=<value>\n`, the length in bytes and including itself. */
function paxRecords(content: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length;) {
    const blank = content.indexOf(0x20, at);
    const length = Number(new TextDecoder().decode(content.subarray(at, Math.max(blank, at))));
    if (blank < 0 || !Number.isInteger(length) || length <= 0) break;
    const record = new TextDecoder().decode(content.subarray(blank + 1, at + length - 1));
    const equals = record.indexOf('=');
    if (equals > 0) records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

/** Reads a window at a time, and what is longer by itself. */
function windowed(handle: FileHandle, path: string, length: number): Read {
  let start = 0;
  let window = new Uint8Array(0);
  const fill = async (offset: number, size: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(size);
    let got = 0;
    while (got < size) {
      const more = handle.read(bytes, got, size - got, offset + got);
      const { bytesRead } = await orIoError(`${path}: cannot read the file`, more);
      if (bytesRead === 0) throw new DataError(`${path}: expected ${length} bytes, but it was cut off since`);
      got += bytesRead;
    }
    return bytes;
  };
  return async (offset, size) => {
    if (size > WINDOW) return fill(offset, size);
    if (offset < start || offset + size > start + window.length) {
      start = offset;
      window = new Uint8Array(await fill(offset, Math.min(WINDOW, length - offset)));
    }
    return window.slice(offset - start, offset - start + size);
  };
}

import { DataError } from '../errors.js';

const BLOCK = 512;

/**
 * Reads the regular files of a tar archive (ustar, GNU or old), uncompressed. Folders, links and extended headers are
 * passed over: nothing is written anywhere, so names and links can do no harm.
 *
 * @param bytes - The whole archive.
 * @param where - The archive's name, for error messages.
 * @returns The files by their name in the archive, without a leading `./`; views of `bytes`.
 * @throws DataError if a header's checksum or size is wrong, the archive is cut off, or a name comes twice.
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html (ustar Interchange Format)
 * @example
 * const files = readTar(await gunzip(await readFile(path), path), path);
 */
export function readTar(bytes: Uint8Array, where: string): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; ;) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.length < BLOCK) {
      throw new DataError(`${where}: expected a whole tar archive, but it is cut off at byte ${at}`);
    }
    // An archive ends with a block of zeros.
    if (header.every((byte) => byte === 0)) return files;
    checkSum(header, where, at);
    const size = octal(header, 124, 12);
    const name = nameOf(header);
    if (size === undefined) {
      throw new DataError(`${where}: ${name}: expected its size in octal digits, got something else`);
    }
    const start = at + BLOCK;
    if (start + size > bytes.length) {
      throw new DataError(
        `${where}: ${name}: expected ${size} bytes, got ${bytes.length - start}: the archive is cut off`,
      );
    }
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === '0' || type === '\0') {
      if (files.has(name)) throw new DataError(`${where}: ${name}: expected it once, but it comes twice`);
      files.set(name, bytes.subarray(start, start + size));
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** The sum of the header's bytes, with its own field as blanks. */
function checkSum(header: Uint8Array, where: string, at: number): void {
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  const expected = octal(header, 148, 8);
  if (sum === expected) return;
  throw new DataError(
    `${where}: expected a tar header at byte ${at}, but its checksum is ${expected ?? 'no number'}, not ${sum}`,
  );
}

function nameOf(header: Uint8Array): string {
  // Only POSIX has a prefix; GNU has times in its place.
  const posix = text(header, 257, 6) === 'ustar' && header[262] === 0;
  const prefix = posix ? text(header, 345, 155) : '';
  return `${prefix && `${prefix}/`}${text(header, 0, 100)}`.replace(/^\.\//, '');
}

function octal(header: Uint8Array, offset: number, length: number): number | undefined {
  const digits = text(header, offset, length).trim();
  return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : undefined;
}

/** Up to the first zero. */
function text(header: Uint8Array, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

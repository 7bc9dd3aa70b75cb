import { DataError } from '../errors.js';

/** Headers and contents of a tar archive fill whole blocks. */
export const TAR_BLOCK = 512;

const decoder = new TextDecoder();

/** What a header says of what follows it. */
export interface TarHeader {
  /** Without a leading `./`; cut at 100 bytes where an extended header before it has the whole name. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** `0` or `\0` a file, `5` a folder, `x` and `g` extended headers (pax), `L` a long name (GNU) and so on. */
  readonly type: string;
}

/**
 * Reads one header of a tar archive (ustar, GNU or old).
 *
 * @param block - 512 bytes.
 * @param at - Where they lie in the archive, for errors.
 * @returns Undefined for a block of zeros, which ends an archive.
 * @throws DataError if its checksum or size is wrong.
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html (ustar Interchange Format)
 */
export function readTarHeader(block: Uint8Array, where: string, at: number): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  checkSum(block, where, at);
  const size = sizeIn(block);
  const name = nameOf(block);
  if (size === undefined) {
    throw new DataError(`${where}: ${name}: expected its size in octal digits, got something else`);
  }
  return { name, size, type: String.fromCharCode(block[156] ?? 0) };
}

/** Whether what follows a header is an ordinary file. */
export function isTarFile({ type }: TarHeader): boolean {
  return type === '0' || type === '\0';
}

/** The sum of the header's bytes, with its own field as blanks. */
function checkSum(header: Uint8Array, where: string, at: number): void {
  let sum = 0;
  for (let i = 0; i < TAR_BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : (header[i] ?? 0);
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

/** Octal digits, or of GNU, above 8 GiB, a number in base 256 after a first byte of 80. */
function sizeIn(header: Uint8Array): number | undefined {
  if (header[124] !== 0x80) return octal(header, 124, 12);
  const size = header.subarray(125, 136).reduce((value, byte) => value * 256 + byte, 0);
  return Number.isSafeInteger(size) ? size : undefined;
}

function octal(header: Uint8Array, offset: number, length: number): number | undefined {
  const digits = text(header, offset, length).trim();
  return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : undefined;
}

/** Up to the first zero. */
function text(header: Uint8Array, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}

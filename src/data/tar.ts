import { DataError } from '../errors.js';
import { isTarFile, readTarHeader, TAR_BLOCK } from './tar-header.js';

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
    const block = bytes.subarray(at, at + TAR_BLOCK);
    if (block.length < TAR_BLOCK) {
      throw new DataError(`${where}: expected a whole tar archive, but it is cut off at byte ${at}`);
    }
    const header = readTarHeader(block, where, at);
    if (header === undefined) return files;
    const { name, size } = header;
    const start = at + TAR_BLOCK;
    if (start + size > bytes.length) {
      throw new DataError(
        `${where}: ${name}: expected ${size} bytes, got ${bytes.length - start}: the archive is cut off`,
      );
    }
    if (isTarFile(header)) {
      if (files.has(name)) throw new DataError(`${where}: ${name}: expected it once, but it comes twice`);
      files.set(name, bytes.subarray(start, start + size));
    }
    at = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
}

import { assert } from '../../errors.js';
import { readBytes } from '../folder-web.js';
import type { PictureAt } from './listing.js';

/**
 * The bytes of a picture, as they are stored.
 *
 * @param where - What errors call it.
 * @throws IoError if the file cannot be read: it was moved meanwhile.
 */
export async function readItem(at: PictureAt, where = 'picture'): Promise<Uint8Array> {
  assert('file' in at, 'a page reads files, not paths');
  const { file, offset = 0, size = file.size - offset } = at;
  return readBytes(offset === 0 && size === file.size ? file : file.slice(offset, offset + size), where);
}

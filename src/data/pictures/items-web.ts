import { readBytes } from '../folder-web.js';
import type { PictureAt } from './listing.js';

/** The bytes of a picture that a user gave to a page. Throws IoError for a file that cannot be read any more. */
export async function readItem(at: PictureAt): Promise<Uint8Array> {
  if (!('file' in at)) return readBytes(undefined, at.path);
  const { file, offset = 0, size } = at;
  const part = size === undefined && offset === 0 ? file : file.slice(offset, offset + (size ?? file.size));
  return readBytes(part, file instanceof File ? file.name : 'a picture');
}

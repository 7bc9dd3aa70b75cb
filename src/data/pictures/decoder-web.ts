import { decodePicture } from '../image-web.js';
import { webCache } from './cache-web.js';
import { readItem } from './items-web.js';
import type { PictureDecoder } from './picture-set.js';

/** Pictures from files of the user, decoded by the browser. */
export const webDecoder: PictureDecoder = {
  async decode({ at, where }, options) {
    return decodePicture(await readItem(at, where), { ...options, where });
  },
  openCache: webCache,
};

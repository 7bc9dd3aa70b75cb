import { decodePicture } from '../image-node.js';
import { nodeCache } from './cache-node.js';
import { readItem } from './items-node.js';
import type { PictureDecoder } from './picture-set.js';

/** Pictures from files and shards, decoded by sharp. */
export const nodeDecoder: PictureDecoder = {
  async decode({ at, where }, options) {
    return decodePicture(await readItem(at), { ...options, where });
  },
  openCache: nodeCache,
};

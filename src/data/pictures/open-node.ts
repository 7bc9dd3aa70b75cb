import sharp from 'sharp';
import { newCaches, type CacheKind } from './cache-node.js';
import { nodeDecoder } from './decoder-node.js';
import { findDuplicates } from './duplicates-node.js';
import { readItem } from './items-node.js';
import type { PictureListing } from './listing.js';
import { openListing, type PictureDataOptions, type PictureOpener, type PictureSplit } from './open.js';

/** How labelled pictures become a data set in Node. */
export interface NodePictureOptions extends PictureDataOptions {
  /**
   * Where decoded pictures are kept during a run, as many as there is room for: `ram` (512 MiB or an eighth of the memory;
   * the default), `disk`, or `none`.
   */
  readonly cache?: CacheKind;
}

const opener = (cache: CacheKind): PictureOpener => ({
  ...nodeDecoder,
  async facts(item) {
    try {
      const { channels, autoOrient } = await sharp(await readItem(item.at)).metadata();
      return { ...autoOrient, isGrey: channels <= 2 };
    } catch {
      // BMP, which sharp does not read, or a bad picture, which the decoder names.
      const { height, width } = await nodeDecoder.decode(item, { channels: 3, background: '#ffffff' });
      return { height, width, isGrey: false };
    }
  },
  newCaches: (counts) => newCaches(cache, counts),
  findDuplicates,
});

/** The data set of a listing, in Node; as `openListing`. */
export function openNodeListing(
  listing: PictureListing,
  { cache = 'ram', ...options }: NodePictureOptions,
): Promise<PictureSplit> {
  return openListing(listing, options, opener(cache));
}

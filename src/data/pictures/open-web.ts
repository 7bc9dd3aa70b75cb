import { newCaches } from './cache-web.js';
import { webDecoder } from './decoder-web.js';
import { findDuplicates } from './duplicates-web.js';
import type { PictureListing } from './listing.js';
import { openListing, type PictureDataOptions, type PictureOpener, type PictureSplit } from './open.js';

const opener: PictureOpener = {
  ...webDecoder,
  async facts(item) {
    // The browser tells the size of what it decodes, not how it is stored.
    const { data, height, width } = await webDecoder.decode(item, { channels: 3, background: '#ffffff' });
    const isGrey = data.every((value, i) => i % 3 === 0 || value === data[i - 1]);
    return { height, width, isGrey };
  },
  newCaches,
  findDuplicates,
};

/** The data set of a listing, in a browser; as `openListing`. */
export function openWebListing(listing: PictureListing, options: PictureDataOptions): Promise<PictureSplit> {
  return openListing(listing, options, opener);
}

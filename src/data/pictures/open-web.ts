import type { DataReport } from '../dataset.js';
import { newCaches } from './cache-web.js';
import { webDecoder } from './decoder-web.js';
import { groupBy } from './group-by.js';
import { readItem } from './items-web.js';
import type { PictureItem, PictureListing } from './listing.js';
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

/** As `findDuplicates` of Node, by the bytes of files of the same size: not every page has a digest. */
async function findDuplicates({ parts }: PictureListing): Promise<DataReport['duplicates']> {
  const trained = groupBy(parts.train, sizeOf);
  const found: { train: string; test: string }[] = [];
  for (const item of [...parts.test, ...(parts.final ?? [])]) {
    const candidates = trained.get(sizeOf(item)) ?? [];
    if (candidates.length === 0) continue;
    const bytes = await readItem(item.at, item.where);
    for (const other of candidates) {
      const theirs = await readItem(other.at, other.where);
      if (!bytes.every((byte, i) => byte === theirs[i])) continue;
      found.push({ train: other.where, test: item.where });
      break;
    }
  }
  return found;
}

function sizeOf({ at }: PictureItem): number {
  return at.size ?? ('file' in at ? at.file.size : -1);
}

import { fnv1a, fnvStart } from '../../mix.js';
import type { DataReport } from '../dataset.js';
import { groupBy } from './group-by.js';
import { readItem } from './items-web.js';
import type { PictureItem, PictureListing } from './listing.js';

/**
 * As `findDuplicates` of Node, by the bytes of files of the same size and the same sum: not every page has a digest. Each file
 * is read for its sum once, as all uncompressed pictures of a set may have one size.
 *
 * @throws IoError for a file that cannot be read.
 */
export async function findDuplicates({ parts }: PictureListing): Promise<DataReport['duplicates']> {
  const evaluated = [...parts.test, ...(parts.final ?? [])];
  const sizes = new Set(evaluated.map(sizeOf));
  const candidates = groupBy(
    parts.train.filter((item) => sizes.has(sizeOf(item))),
    sizeOf,
  );
  const sums = new Map<PictureItem, number>();
  const sumOf = async (item: PictureItem): Promise<number> => {
    const sum = sums.get(item) ?? sumBytes(await readItem(item.at, item.where));
    sums.set(item, sum);
    return sum;
  };
  const found: { train: string; test: string }[] = [];
  for (const item of evaluated) {
    const others = candidates.get(sizeOf(item)) ?? [];
    if (others.length === 0) continue;
    const bytes = await readItem(item.at, item.where);
    const sum = sumBytes(bytes);
    for (const other of others) {
      if ((await sumOf(other)) !== sum) continue;
      const theirs = await readItem(other.at, other.where);
      if (!bytes.every((byte, i) => byte === theirs[i])) continue;
      found.push({ train: other.where, test: item.where });
      break;
    }
  }
  return found;
}

const sumBytes = (bytes: Uint8Array): number => bytes.reduce(fnv1a, fnvStart);

function sizeOf({ at }: PictureItem): number {
  return at.size ?? ('file' in at ? at.file.size : -1);
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { orIoError } from '../io-node.js';
import { groupBy } from './group-by.js';
import { mapConcurrently } from './concurrently.js';
import type { PictureAt, PictureItem, PictureListing } from './listing.js';
import { readItem } from './items-node.js';

/** A picture that is trained with and evaluated with. */
export interface Duplicate {
  /** The picture of the training part. */
  readonly train: string;
  /** The same bytes in a part that is evaluated. */
  readonly test: string;
}

const AT_A_TIME = 16;

/**
 * The pictures of the evaluated parts whose bytes are in the training part, too: recognising them proves nothing. Only
 * files of equal size are read.
 *
 * @throws IoError for a file that cannot be read.
 * @example
 * for (const { train, test } of await findDuplicates(listing)) console.warn(`${test} is ${train}`);
 */
export async function findDuplicates({ parts }: PictureListing): Promise<readonly Duplicate[]> {
  const evaluated = [...parts.test, ...(parts.final ?? [])];
  const sizes = await sizesOf([...parts.train, ...evaluated]);
  const sizeOf = ({ at }: PictureItem): number => sizes.get(at) ?? -1;
  const trainedSizes = new Set(parts.train.map(sizeOf));
  const candidates = evaluated.filter((item) => trainedSizes.has(sizeOf(item)));
  const candidateSizes = new Set(candidates.map(sizeOf));
  const trained = parts.train.filter((item) => candidateSizes.has(sizeOf(item)));
  const digests = await mapConcurrently([...trained, ...candidates], AT_A_TIME, (item) =>
    digestOf(item.at, sizeOf(item)),
  );
  const byDigest = groupBy(trained.entries(), ([i]) => digests[i]);
  return candidates.flatMap(({ where }, i) => {
    const [first] = byDigest.get(digests[trained.length + i]) ?? [];
    return first === undefined ? [] : [{ train: first[1].where, test: where }];
  });
}

async function sizesOf(items: readonly PictureItem[]): Promise<ReadonlyMap<PictureAt, number>> {
  const sizes = await mapConcurrently(items, AT_A_TIME, async ({ at }) => {
    if (at.size !== undefined) return at.size;
    const { size } =
      'file' in at ? at.file : await orIoError(`${at.path}: cannot read the file`, stat(at.path));
    return size - (at.offset ?? 0);
  });
  return new Map(items.map(({ at }, i) => [at, sizes[i] ?? -1]));
}

/** In bytes; larger files are read in pieces, as several are at work. A stream for each small one takes longer. */
const WHOLE = 2 ** 20;

async function digestOf(at: PictureAt, size: number): Promise<string> {
  const hash = createHash('sha256');
  if ('file' in at || at.size !== undefined || size <= WHOLE) {
    return hash.update(await readItem(at)).digest('hex');
  }
  const read = async (): Promise<void> => {
    for await (const piece of createReadStream(at.path, { start: at.offset ?? 0 }))
      hash.update(piece as Buffer);
  };
  await orIoError(`${at.path}: cannot read the file`, read());
  return hash.digest('hex');
}

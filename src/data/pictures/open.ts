import { checkOption, checkWholes } from '../../checks.js';
import { AbortedError, DataError } from '../../errors.js';
import type { DataReport, DataSplit } from '../dataset.js';
import { evalTransforms, type TransformSpec } from '../transforms/index.js';
import type { PictureCacheDescription } from './cache-types.js';
import { DECODED_AT_ONCE, inTurns } from './concurrently.js';
import type { ListOptions, PictureItem, PictureListing } from './listing.js';
import { pictureSet, type PictureDataset, type PictureDecoder } from './picture-set.js';

/** How labelled pictures become a data set. */
export interface PictureDataOptions extends ListOptions {
  /** Pixels a side, or height and width, that the network is to see; by the pictures unless given. */
  readonly imageSize?: number | readonly [height: number, width: number];
  /** The largest side that is chosen by the pictures; 224 unless given. */
  readonly largest?: number;
  /** 1 for grey, 3 for colour; 1 unless given where all pictures are grey, else 3. */
  readonly channels?: number;
  /** What evaluation and prediction do to a picture; `resize` and `centerCrop` to the image size unless given. */
  readonly preprocess?: readonly TransformSpec[];
  /** Colour under transparent pixels, `#rrggbb`; white unless given. */
  readonly background?: string;
  /** Whether pictures that cannot be decoded are left out; an error that names the first unless given. */
  readonly skipBadImages?: boolean;
  /**
   * Whether up to 20,000 pictures are decoded once when they are opened, to find bad ones, and duplicates between the parts are
   * looked for; true unless given. `skipBadImages` decodes all of them in any case.
   */
  readonly check?: boolean;
  /** Stops the check of the pictures: `AbortedError`. */
  readonly signal?: AbortSignal;
  /** Called while the pictures are checked, which takes a while where there are many. */
  readonly onCheck?: (progress: CheckProgress) => void;
}

/** How far the check of pictures has come. */
export interface CheckProgress {
  /** Pictures decoded so far. */
  readonly checked: number;
  /** Pictures to decode. */
  readonly total: number;
}

/** All parts of a data set of pictures. */
export interface PictureSplit extends DataSplit {
  readonly train: PictureDataset;
  readonly test: PictureDataset;
  readonly final?: PictureDataset;
  readonly report: DataReport;
}

/** What is known of a picture without decoding it whole. */
export interface PictureFacts {
  readonly height: number;
  readonly width: number;
  readonly isGrey: boolean;
}

/** What opening pictures needs from where it runs. */
export interface PictureOpener extends PictureDecoder {
  /** Throws DataError for what is no picture. */
  facts(item: PictureItem): Promise<PictureFacts>;
  /** Room for decoded pictures of data sets of these counts. */
  newCaches(counts: readonly number[]): readonly (PictureCacheDescription | undefined)[];
  findDuplicates(listing: PictureListing): Promise<DataReport['duplicates']>;
}

/** So many pictures say how large the images are to be. */
const SAMPLES = 64;

/** Up to so many pictures are decoded once before the training, so that it does not stop at a bad one. */
const MOST_CHECKED = 20_000;

/** White: pictures with transparency are made for pages, which are. */
const WHITE = '#ffffff';

/**
 * The data set of a listing. Pictures are decoded when they are read; up to 20,000 of them are once beforehand, to find
 * those that cannot be.
 *
 * @throws DataError for a bad picture, or where too few are left; OptionError for an image size or channels that cannot be;
 *   AbortedError when `signal` fires.
 */
export async function openListing(
  listing: PictureListing,
  options: PictureDataOptions,
  opener: PictureOpener,
): Promise<PictureSplit> {
  const { background = WHITE } = options;
  const good = await withoutBad(listing, options, opener);
  const shape = await shapeFor(good.listing.parts.train, options, opener);
  const { parts, classes, name } = good.listing;
  const [channels, height, width] = shape;
  const transforms = options.preprocess ?? evalTransforms([height, width]);
  const all = [parts.train, parts.test, ...(parts.final ? [parts.final] : [])];
  const caches = opener.newCaches(all.map(({ length }) => length));
  const isOne = parts.train === parts.test;
  // What is evaluated after each epoch is called what the source calls it.
  const names = isOne ? ['all', 'all'] : parts.final ? ['train', 'val', 'test'] : ['train', 'test'];
  const [train, test, final] = all.map((items, i) => {
    const cache = caches[i];
    return pictureSet(
      {
        ...{ name: `${name}/${names[i] ?? ''}`, classes, items },
        ...{ shape: [channels, height, width], preprocessing: { transforms, background } },
        ...(cache && { cache }),
      },
      opener,
    );
  });
  if (train === undefined || test === undefined) throw new DataError(`${name}: expected two parts`);
  const { skipped, warnings, valSplit } = good.listing;
  const duplicates = isOne || options.check === false ? [] : await opener.findDuplicates(good.listing);
  checkSignal(name, options);
  return {
    ...{ train, test },
    ...(final && { final }),
    report: {
      ...{ skipped, warnings, bad: good.bad, duplicates },
      ...(valSplit && { valSplit }),
    },
  };
}

/** The listing without pictures that cannot be decoded. */
async function withoutBad(
  listing: PictureListing,
  options: PictureDataOptions,
  opener: PictureOpener,
): Promise<{ readonly listing: PictureListing; readonly bad: DataReport['bad'] }> {
  const { parts, name } = listing;
  const { channels = 3, background = WHITE, skipBadImages = false, check = true, onCheck } = options;
  // A part may be the whole of another.
  const all = [...new Set([...parts.train, ...parts.test, ...(parts.final ?? [])])];
  if (!skipBadImages && (!check || all.length > MOST_CHECKED)) return { listing, bad: [] };
  const bad = new Map<PictureItem, string>();
  const how = { channels: channels === 1 ? 1 : 3, background } as const;
  let checked = 0;
  checkSignal(name, options);
  for await (const done of inTurns(all, DECODED_AT_ONCE, (item) => opener.decode(item, how))) {
    for (const { item, result } of done) {
      if (result.status === 'fulfilled') continue;
      const reason: unknown = result.reason;
      if (!(reason instanceof Error)) throw reason;
      if (!skipBadImages || !(reason instanceof DataError)) throw withHint(reason);
      bad.set(item, reason.message);
    }
    checked += done.length;
    onCheck?.({ checked, total: all.length });
    checkSignal(name, options);
  }
  if (bad.size === 0) return { listing, bad: [] };
  const left = (items: readonly PictureItem[]): readonly PictureItem[] =>
    items.filter((item) => !bad.has(item));
  const train = left(parts.train);
  const rest = {
    train,
    test: parts.test === parts.train ? train : left(parts.test),
    ...(parts.final && { final: left(parts.final) }),
  };
  for (const [part, items] of Object.entries(rest)) {
    if (items.length > 0) continue;
    const [why = ''] = bad.values();
    throw new DataError(
      `${name}: expected pictures for ${part}, but none can be decoded: ${why}${bad.size > 1 ? `, and ${bad.size - 1} more` : ''}`,
    );
  }
  const warnings = [...listing.warnings, ...lostClasses(listing, rest.train)];
  return {
    listing: { ...listing, parts: rest, warnings },
    bad: Array.from(bad, ([{ where }, why]) => ({ where, why })),
  };
}

/** What it means that no training picture of a class can be decoded. */
function lostClasses(
  { name, classes, parts }: PictureListing,
  left: readonly PictureItem[],
): readonly string[] {
  const [had, has] = [parts.train, left].map((items) => new Set(items.map(({ label }) => label)));
  return classes
    .filter((_, i) => had?.has(i) === true && has?.has(i) === false)
    .map(
      (label) =>
        `${name}: no training picture of class ${label} can be decoded: the network cannot learn it, ` +
        'and all its pictures in the other parts count as mistakes',
    );
}

function checkSignal(name: string, { signal }: Pick<PictureDataOptions, 'signal'>): void {
  if (signal?.aborted !== true) return;
  throw new AbortedError(`${name}: the check of the pictures was stopped`, { cause: signal.reason });
}

function withHint(error: Error): Error {
  if (!(error instanceof DataError)) return error;
  return new DataError(
    `${error.message}; mend or remove it, or leave bad pictures out (skipBadImages, --skip-bad-images)`,
    {
      cause: error,
    },
  );
}

/** Channels and size of the images: as asked for, else by a sample of the pictures. */
async function shapeFor(
  items: readonly PictureItem[],
  { imageSize, channels, largest = 224 }: PictureDataOptions,
  opener: PictureOpener,
): Promise<readonly [1 | 3, number, number]> {
  if (channels !== undefined) checkOption('channels', channels, channels === 1 || channels === 3, '1 or 3');
  const step = Math.max(1, Math.floor(items.length / SAMPLES));
  const sample = items.filter((_, i) => i % step === 0).slice(0, SAMPLES);
  const asked = channels !== undefined && imageSize !== undefined;
  const facts = asked ? [] : await Promise.all(sample.map((item) => opener.facts(item)));
  const isGrey = channels === undefined ? facts.every((each) => each.isGrey) : channels === 1;
  const sides = typeof imageSize === 'number' ? ([imageSize, imageSize] as const) : imageSize;
  const [height, width] = sides ?? square(facts, largest);
  checkWholes('imageSize', { height, width }, 1);
  return [isGrey ? 1 : 3, height, width];
}

/** The smallest side that is chosen: below it, networks that halve images five times have nothing left. */
const SMALLEST = 32;

/** A multiple of 8 that half of the pictures fill without being enlarged, from 32 to the largest. */
function square(facts: readonly PictureFacts[], largest: number): readonly [number, number] {
  const sides = facts.map(({ height, width }) => Math.min(height, width)).sort((a, b) => a - b);
  const median = sides[Math.floor(sides.length / 2)] ?? largest;
  const side = Math.min(largest, Math.max(SMALLEST, Math.floor(median / 8) * 8));
  return [side, side];
}

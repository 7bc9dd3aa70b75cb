import { defined } from '../../checks.js';
import { assert, DataError } from '../../errors.js';
import type { Dataset, ViewOptions } from '../dataset.js';
import type { Picture } from '../picture.js';
import { toPlanes } from '../planes.js';
import type { TransformSpec } from '../transforms/index.js';
import { preprocessor } from '../transforms/preprocess.js';
import { newEntries } from './cache.js';
import type { PictureCache, PictureCacheDescription } from './cache-types.js';
import { DECODED_AT_ONCE, inTurns } from './concurrently.js';
import type { PictureItem } from './listing.js';

/** How pictures become the pixels that a network is shown, in evaluation and prediction. */
export interface Preprocessing {
  /** Deterministic ones, in their order. */
  readonly transforms: readonly TransformSpec[];
  /** Colour under transparent pixels, `#rrggbb`. */
  readonly background: string;
}

/** A data set of pictures in plain data, by which another thread can open it, too. */
export interface PictureSetDescription {
  readonly name: string;
  readonly classes: readonly string[];
  readonly items: readonly PictureItem[];
  readonly shape: readonly [channels: 1 | 3, height: number, width: number];
  readonly preprocessing: Preprocessing;
  /** Where decoded pictures are kept. */
  readonly cache?: PictureCacheDescription;
}

/** What decoding pictures needs from where it runs. */
export interface PictureDecoder {
  decode(
    item: PictureItem,
    options: { readonly channels: 1 | 3; readonly background: string },
  ): Promise<Picture>;
  openCache(cache: PictureCacheDescription, channels: number): PictureCache;
}

/** The data set's plain description, under which it can be sent to another thread, and how it was opened. */
export const pictures = Symbol('pictures');

/** A data set of encoded pictures that are decoded when they are read. */
export interface PictureDataset extends Dataset {
  readonly labels: Int32Array;
  /** For the library. */
  readonly [pictures]: { readonly description: PictureSetDescription; readonly decoder: PictureDecoder };
}

/**
 * Whether a data set's pictures are decoded when they are read.
 *
 * @example
 * const { train } = await openData('photos/');
 * isPictureDataset(train); // true
 */
export function isPictureDataset(dataset: Dataset): dataset is PictureDataset {
  return pictures in dataset;
}

/**
 * What is done to a data set's pictures in evaluation and prediction.
 *
 * @example
 * if (isPictureDataset(train)) console.log(describeTransforms(preprocessingOf(train).transforms));
 */
export function preprocessingOf(dataset: PictureDataset): Preprocessing {
  return dataset[pictures].description.preprocessing;
}

/**
 * The data set of a description. Throws OptionError for a preprocessing that models cannot carry; DataError, when it is read,
 * for a picture that cannot be decoded.
 *
 * Two forms of a picture are kept where there is a cache: what evaluation sees, and the picture as random transforms take
 * it, scaled down to twice the data set's size where it is larger.
 */
export function pictureSet(description: PictureSetDescription, decoder: PictureDecoder): PictureDataset {
  const { name, classes, items, shape, preprocessing, cache: cacheAt } = description;
  const [channels, height, width] = shape;
  const { background, transforms } = preprocessing;
  const labels = Int32Array.from(items, ({ label }) => label);
  // The same function as in prediction.
  const seen = preprocessor(transforms);
  const twice = 2 * Math.max(height, width);
  const toTwice: TransformSpec = { name: 'resize', size: twice };
  const shrink = preprocessor([toTwice]);
  const cache = cacheAt && decoder.openCache(cacheAt, channels);

  const kept = async (
    index: number,
    place: number,
    change: (picture: Picture) => Picture,
  ): Promise<Picture> => {
    const found = await cache?.get(place);
    if (found !== undefined) return found;
    const item = items[index];
    if (item === undefined) throw new DataError(`data set ${name}: expected an index below ${items.length}`);
    const picture = change(await decoder.decode(item, { channels, background }));
    await cache?.put(place, picture);
    return picture;
  };
  const working = (picture: Picture): Picture =>
    Math.min(picture.height, picture.width) > twice ? shrink(picture) : picture;

  const labelAll = (indices: ArrayLike<number>, into: Int32Array): void => {
    for (let i = 0; i < indices.length; i++) into[i] = labels[indices[i] ?? 0] ?? 0;
  };
  return {
    ...{ name, classes, labels, shape, count: items.length, [pictures]: { description, decoder } },
    async read(indices, into) {
      labelAll(indices, into.labels);
      const size = channels * height * width;
      await decodeAll(indices, async (index, i) => {
        const picture = await kept(index, items.length + index, seen);
        const got = [picture.channels, picture.height, picture.width].join('x');
        if (got !== shape.join('x')) {
          throw new DataError(
            `${items[index]?.where ?? name}: expected a picture of ${shape.join('x')} after the preprocessing, got ${got}`,
          );
        }
        toPlanes(picture, into.pixels.subarray(i * size));
      });
    },
    async pictures(indices, into) {
      labelAll(indices, into.labels);
      const all = new Array<Picture>(indices.length);
      await decodeAll(indices, async (index, i) => {
        all[i] = await kept(index, index, working);
      });
      return all;
    },
  };
}

/** The same set, described for another thread, with the names it has now. */
export function descriptionOf(dataset: PictureDataset): PictureSetDescription {
  const { name, classes } = dataset;
  return { ...dataset[pictures].description, ...defined({ name, classes }) };
}

/** Some pictures of a data set under other labels; what is kept of them decoded goes where the data set keeps its own. */
export function pictureView(
  dataset: PictureDataset,
  { name, classes, items, labels }: ViewOptions,
): PictureDataset {
  const { description, decoder } = dataset[pictures];
  const { cache } = description;
  const chosen = Array.from(items, (item, i): PictureItem => {
    const picture = description.items[item];
    assert(picture, `no picture ${item} in ${dataset.name}`);
    return { ...picture, label: labels[i] ?? 0 };
  });
  return pictureSet(
    {
      ...{ ...description, name, classes, items: chosen },
      ...(cache && { cache: { ...cache, entries: newEntries(chosen.length) } }),
    },
    decoder,
  );
}

/** Decodes some at a time; of several errors it throws the first by its place. */
async function decodeAll(
  indices: ArrayLike<number>,
  each: (index: number, place: number) => Promise<void>,
): Promise<void> {
  const places = Array.from(Array.from(indices).entries());
  for await (const done of inTurns(places, DECODED_AT_ONCE, ([place, index]) => each(index, place))) {
    for (const { result } of done) if (result.status === 'rejected') throw result.reason;
  }
}

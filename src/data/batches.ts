import { checkOption, checkWhole } from '../checks.js';
import { OptionError } from '../errors.js';
import { checkAugmentation, copyPlane, placement, type Augmentation } from './augment.js';
import type { Dataset } from './dataset.js';
import type { BatchMixing } from './mix-batch.js';
import { lookupTables, type Normalization } from './normalization.js';
import { randomStream, shuffleInPlace } from './random.js';

/** How to walk through a data set in one epoch. */
export interface EpochOrderOptions {
  /** False keeps the order of the file. */
  readonly shuffle: boolean;
  /** A whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** A whole number from 0 to 2^32 - 1. */
  readonly epoch: number;
}

/** One batch, as the training model takes it. */
export interface Batch {
  /** (pixel / 255 - mean) / std, [size, channels, height, width]. */
  readonly images: Float32Array;
  /** Class indices, [size]. */
  readonly labels: Int32Array;
  /** Probabilities of the classes, [size, classes], where images are mixed. */
  readonly targets?: Float32Array;
  /** Number of images: the batch size, or what is left for the last batch. */
  readonly size: number;
  /** Place in the epoch: 0, 1, 2 ... */
  readonly index: number;
}

/** Memory that batches are written to. */
export interface BatchBuffers {
  /** At least [batch size, channels, height, width]. */
  readonly images: Float32Array;
  /** At least [batch size]. */
  readonly labels: Int32Array;
  /** At least [batch size, classes], where images are mixed. */
  readonly targets?: Float32Array;
}

/** How images are changed, and from which random numbers. */
export interface SeededAugmentation {
  readonly augment: Augmentation;
  /** 0 .. 2^53 - 1. */
  readonly seed: number;
  /** 0 .. 2^32 - 1. */
  readonly epoch: number;
}

/** How to cut a data set into batches. */
export interface BatchOptions extends Normalization {
  /** Images in one batch, 1 .. count; the last batch takes what is left. */
  readonly batchSize: number;
  /** Whether each epoch has its own order; false unless given. */
  readonly shuffle?: boolean;
  /** Of the shuffle and the augmentation, 0 .. 2^53 - 1; 0 unless given. */
  readonly seed?: number;
  /** Which epoch's order and augmentation, 0 .. 2^32 - 1; 0 unless given. */
  readonly epoch?: number;
  /** How many batches of the epoch to leave out, e.g. because they were trained on before a break; 0 unless given. */
  readonly from?: number;
  /** Whether all batches share one memory, so that each is overwritten by the next; false unless given. */
  readonly reuse?: boolean;
  /** Random changes of each image, different in each epoch; none unless given. */
  readonly augment?: Augmentation;
  /**
   * How images are mixed with one another in training. A source that does it itself gives the batches' `targets`; the others'
   * batches are mixed by `fit`, to the same numbers.
   */
  readonly mix?: BatchMixing;
}

/**
 * The order in which one epoch visits the items: the same for the same seed and epoch, on every platform.
 *
 * @param count - Number of items.
 * @returns A permutation of 0 .. count - 1 (Fisher-Yates over xoroshiro128+), or that sequence itself.
 * @throws OptionError if count, seed or epoch is out of its range.
 * @see https://prng.di.unimi.it/ (xoroshiro128+)
 * @example
 * const order = epochOrder(train.count, { shuffle: true, seed: 1, epoch: 0 });
 */
export function epochOrder(count: number, { shuffle, seed, epoch }: EpochOrderOptions): Uint32Array {
  checkWhole('count', count, 0, 2 ** 32 - 1);
  checkWhole('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  checkWhole('epoch', epoch, 0, 2 ** 32 - 1);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  if (!shuffle) return order;

  shuffleInPlace(order, randomStream({ seed, epoch }));
  return order;
}

/**
 * Gathers images into a batch: x = (pixel / 255 - mean) / std. Every operation is rounded to float32, as torchvision's
 * ToTensor and Normalize do, so that the bits are the same.
 *
 * @param indices - Which images, in this order, e.g. a part of a shuffled epoch.
 * @param out - Memory to write to, e.g. that of the batch before; fresh memory unless given.
 * @param seeded - Random changes of each image; none unless given.
 * @returns `images` [indices.length, channels, height, width] and `labels` [indices.length]; views of `out` if given.
 * @throws OptionError if `out` is too small, mean or std does not have one finite number for each channel (std not 0),
 *   an index is outside the data set, or the augmentation is not one.
 * @see https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html
 * @example
 * const { images, labels } = prepareBatch(test, [0, 1, 2]);
 */
export function prepareBatch(
  dataset: Dataset,
  indices: ArrayLike<number>,
  out?: BatchBuffers,
  normalization: Normalization = {},
  seeded?: SeededAugmentation,
): Omit<Batch, 'index'> {
  const { images: pixels, labels: classes, channels, count, height, width } = dataset;
  const size = indices.length;
  const area = height * width;
  const needed = size * channels * area;
  if (out) {
    checkLength('out.images', out.images, needed);
    checkLength('out.labels', out.labels, size);
  }
  const images = out ? out.images.subarray(0, needed) : new Float32Array(needed);
  const labels = out ? out.labels.subarray(0, size) : new Int32Array(size);
  const tables = lookupTables(channels, normalization);
  if (seeded) checkAugmentation(seeded.augment, dataset);

  let to = 0;
  for (let item = 0; item < size; item++) {
    const index = indices[item] ?? count;
    if (!(Number.isInteger(index) && index >= 0 && index < count)) {
      throw new OptionError(
        `indices: expected whole numbers from 0 to ${count - 1}, got ${index} at place ${item}`,
      );
    }
    labels[item] = classes[index] ?? 0;
    let from = index * channels * area;
    const place = seeded && placement(seeded.augment, { ...seeded, index });
    for (const table of tables) {
      if (place) {
        copyPlane({ pixels, from, table, images, to, height, width }, place);
        from += area;
        to += area;
        continue;
      }
      for (const end = from + area; from < end; from++) images[to++] = table[pixels[from] ?? 0] ?? 0;
    }
  }
  return { images, labels, size };
}

/** One epoch of a data set, cut into batches that can be prepared in any order. */
export interface CutEpoch {
  /** Index of the first batch to be trained on. */
  readonly from: number;
  /** Index after that of the last batch. */
  readonly to: number;
  /** Prepares a batch, in `out` or in fresh memory; the same numbers whenever and wherever it is called. */
  readonly prepare: (index: number, out?: BatchBuffers) => Batch;
}

/** Where `fit` takes an epoch's batches from: `batches`, or another source of the same ones. */
export type BatchSource = (dataset: Dataset, options: BatchOptions) => Iterable<Batch> | AsyncIterable<Batch>;

/**
 * Cuts one epoch of a data set into batches.
 *
 * @throws OptionError, at once, if the batch size is not a whole number from 1 to `dataset.count`, a seed or an epoch is
 *   out of range, and as `prepareBatch`.
 * @example
 * for (const { images, labels, size } of batches(train, { batchSize: 64, shuffle: true, seed: 1, epoch })) {
 *   await step({ x: new Tensor('float32', images, [size, 1, 28, 28]), labels });
 * }
 */
export function batches(dataset: Dataset, options: BatchOptions): Iterable<Batch> {
  const { from, to, prepare } = cutEpoch(dataset, options);
  function* walk(): Generator<Batch> {
    const out = options.reuse === true ? batchBuffers(dataset, options.batchSize) : undefined;
    for (let index = from; index < to; index++) yield prepare(index, out);
  }
  return { [Symbol.iterator]: walk };
}

/** The epoch that `batches` walks through; throws as it does. */
export function cutEpoch(dataset: Dataset, options: BatchOptions): CutEpoch {
  const { batchSize, shuffle = false, seed = 0, epoch = 0, from = 0, augment } = options;
  checkCut(dataset, options);
  lookupTables(dataset.channels, options);
  if (augment) checkAugmentation(augment, dataset);
  const seeded = augment && { augment, seed, epoch };
  const order = epochOrder(dataset.count, { shuffle, seed, epoch });
  return {
    from,
    to: batchCount(dataset.count, batchSize),
    prepare(index, out) {
      const indices = order.subarray(index * batchSize, (index + 1) * batchSize);
      return { ...prepareBatch(dataset, indices, out, options, seeded), index };
    },
  };
}

/** Memory for a batch of a data set. */
export function batchBuffers({ channels, height, width }: Dataset, batchSize: number): BatchBuffers {
  return {
    images: new Float32Array(batchSize * channels * height * width),
    labels: new Int32Array(batchSize),
  };
}

/** Throws OptionError unless the batch size is a whole number from 1 to the number of images, and `from` one from 0. */
export function checkCut({ count, name }: Dataset, { batchSize, from = 0 }: BatchOptions): void {
  checkWhole('batch size', batchSize, 1);
  checkOption(
    'batch size',
    batchSize,
    batchSize <= count,
    `at most ${count}, the number of images in ${name}`,
  );
  checkWhole('from', from, 0, 2 ** 32 - 1);
}

/**
 * Number of batches in one epoch, the last partial one included.
 *
 * @example
 * batchCount(60_000, 64); // 938
 */
export function batchCount(count: number, batchSize: number): number {
  return Math.ceil(count / batchSize);
}

function checkLength(buffer: string, { length }: Float32Array | Int32Array, needed: number): void {
  checkOption(buffer, length, length >= needed, `at least ${needed} elements`);
}

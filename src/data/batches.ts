import { checkOption, checkWhole } from '../checks.js';
import { augmenter, type Augment } from './augmentation.js';
import type { Batch, BatchBuffers } from './batch.js';
import type { Dataset } from './dataset.js';
import { epochOrder } from './epoch-order.js';
import type { BatchMixing } from './mix-batch.js';
import { lookupTables, type Normalization } from './normalization.js';
import { gather } from './prepare-batch.js';

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
  readonly augment?: Augment;
  /**
   * How images are mixed with one another in training. A source that does it itself gives the batches' `targets`; the others'
   * batches are mixed by `fit`, to the same numbers.
   */
  readonly mix?: BatchMixing;
}

/** One epoch of a data set, cut into batches that can be prepared in any order. */
export interface CutEpoch {
  /** Index of the first batch to be trained on. */
  readonly from: number;
  /** Index after that of the last batch. */
  readonly to: number;
  /** Prepares a batch, in `out` or in fresh memory; the same numbers whenever and wherever it is called. */
  readonly prepare: (index: number, out?: BatchBuffers) => Promise<Batch>;
}

/** Where `fit` takes an epoch's batches from: `batches`, or another source of the same ones. */
export type BatchSource = (dataset: Dataset, options: BatchOptions) => Iterable<Batch> | AsyncIterable<Batch>;

/**
 * Cuts one epoch of a data set into batches.
 *
 * @throws OptionError, at once, if the batch size is not a whole number from 1 to `dataset.count`, a seed or an epoch is
 *   out of range, and as `prepareBatch`.
 * @example
 * for await (const { images, labels, size } of batches(train, { batchSize: 64, shuffle: true, seed: 1, epoch })) {
 *   await step({ x: new Tensor('float32', images, [size, 1, 28, 28]), labels });
 * }
 */
export function batches(dataset: Dataset, options: BatchOptions): AsyncIterable<Batch> {
  const { from, to, prepare } = cutEpoch(dataset, options);
  async function* walk(): AsyncGenerator<Batch> {
    const out = options.reuse === true ? batchBuffers(dataset, options.batchSize) : undefined;
    for (let index = from; index < to; index++) yield prepare(index, out);
  }
  return { [Symbol.asyncIterator]: walk };
}

/** The epoch that `batches` walks through; throws as it does. */
export function cutEpoch(dataset: Dataset, options: BatchOptions): CutEpoch {
  const { batchSize, shuffle = false, seed = 0, epoch = 0, from = 0, augment } = options;
  checkCut(dataset, options);
  const tables = lookupTables(dataset.shape[0], options);
  const seeded = augment === undefined ? undefined : { augmenter: augmenter(augment, dataset), seed, epoch };
  const order = epochOrder(dataset.count, { shuffle, seed, epoch });
  return {
    from,
    to: batchCount(dataset.count, batchSize),
    async prepare(index, out) {
      const indices = order.subarray(index * batchSize, (index + 1) * batchSize);
      return { ...(await gather(dataset, indices, { out, tables, seeded })), index };
    },
  };
}

/** Memory for a batch of a data set. */
export function batchBuffers({ shape: [channels, height, width] }: Dataset, batchSize: number): BatchBuffers {
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

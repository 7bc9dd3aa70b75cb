import type { Picture } from './picture.js';

/** Memory that a data set's images are read to. */
export interface ReadBuffers {
  /** Pixels 0..255, at least [n, channels, height, width]. */
  readonly pixels: Uint8Array;
  /** Class indices, at least [n]. */
  readonly labels: Int32Array;
}

/**
 * Labelled images of one size, read by their index. `memoryDataset` and `openData` make them; any object with these
 * members is one.
 *
 * @example
 * const bands: Dataset = {
 *   name: 'bands', count: 1000, shape: [1, 8, 8], classes: ['dark', 'light'],
 *   read(indices, { pixels, labels }) {
 *     for (let i = 0; i < indices.length; i++) {
 *       labels[i] = (indices[i] ?? 0) % 2;
 *       pixels.fill(labels[i] === 1 ? 200 : 50, i * 64, (i + 1) * 64);
 *     }
 *   },
 * };
 */
export interface Dataset {
  /** What it is called in reports, e.g. `mnist/train`. */
  readonly name: string;
  /** Number of images, at least 1. */
  readonly count: number;
  /** Of each image as `read` gives it. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Label of each class index. */
  readonly classes: readonly string[];
  /** Class index of each image, [count], where they are known without reading. */
  readonly labels?: Int32Array;
  /**
   * Reads the images of these indices (each below `count`), in this order, as evaluation sees them: pixels 0..255
   * [indices.length, channels, height, width] and class indices, each below `classes.length`. The memory may be larger.
   */
  read(indices: ArrayLike<number>, into: ReadBuffers): void | Promise<void>;
  /**
   * The pictures as they are, each of its own size, and their class indices: what random transforms start from.
   * Absent: what `read` gives.
   */
  pictures?(indices: ArrayLike<number>, into: Pick<ReadBuffers, 'labels'>): Promise<readonly Picture[]>;
}

/** A data set whose pixels are in memory. */
export interface MemoryDataset extends Dataset {
  /** Pixels 0..255, [count, channels, height, width]. */
  readonly images: Uint8Array;
  /** Class index of each image, [count]. */
  readonly labels: Int32Array;
}

/** Whether a data set's pixels are in memory. */
export function isInMemory(dataset: Dataset): dataset is MemoryDataset {
  return 'images' in dataset && dataset.images instanceof Uint8Array && dataset.labels !== undefined;
}

/** Data to train on, and others to test on. They have the same shape and classes. */
export interface DataSplit {
  readonly train: Dataset;
  /** What is evaluated after each epoch: the validation part of data that have one. */
  readonly test: Dataset;
  /** The test part of data that have a validation part as well: it has no say in the training. */
  readonly final?: Dataset;
  /** What was found when pictures were opened. */
  readonly report?: DataReport;
}

/** A file, and why it is not in the data. */
export interface LeftOut {
  /** Its path; of a picture in a shard, the shard's and its name. */
  readonly where: string;
  /** In words, as an error says it. */
  readonly why: string;
}

/** What was found when the pictures of a data set were opened. */
export interface DataReport {
  /** Files that are no pictures, or made by the system. */
  readonly skipped: readonly LeftOut[];
  /** Pictures left out because they cannot be decoded. */
  readonly bad: readonly LeftOut[];
  /** Pictures with exactly the same bytes in the training part and in another one. */
  readonly duplicates: readonly { readonly train: string; readonly test: string }[];
  /** What is odd but can be trained with, and what it means. */
  readonly warnings: readonly string[];
  /** How the test part was drawn, where the source has training pictures only. */
  readonly valSplit?: { readonly share: number; readonly seed: number };
}

/** Data that are all in memory. */
export interface MemorySplit extends DataSplit {
  readonly train: MemoryDataset;
  readonly test: MemoryDataset;
}

/** What a view shows of a data set. */
export interface ViewOptions {
  readonly name: string;
  readonly classes: readonly string[];
  /** Which images, [count]. */
  readonly items: Int32Array;
  /** Their class indices, [count]. */
  readonly labels: Int32Array;
}

/**
 * A labelled image data set in memory.
 *
 * @example
 * const set: Dataset = { name: 'two', images, labels, count: 2, channels: 1, height: 28, width: 28, classes: ['0', '1'] };
 */
export interface Dataset {
  /** What it is called in reports, e.g. `mnist/train`. */
  readonly name: string;
  /** Pixels 0..255, laid out [count, channels, height, width]. */
  readonly images: Uint8Array;
  /** Class index of each image, [count], each below `classes.length`. */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Label of each class index. */
  readonly classes: readonly string[];
}

/** A training and a test set of the same shape and classes. */
export interface DataSplit {
  readonly train: Dataset;
  readonly test: Dataset;
}

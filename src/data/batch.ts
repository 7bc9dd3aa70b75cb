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

/** What `onBatchEnd` is told after each batch. */
export interface BatchEnd {
  /** Counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Place in the epoch, counted from 1. */
  readonly batch: number;
  /** Batches in an epoch. */
  readonly batches: number;
  /** Optimizer steps since the start of the run, with the one that this batch has made; several batches may make one. */
  readonly step: number;
  /** Images in this batch. */
  readonly size: number;
  /** Mean loss of this batch, with the weights before its step. */
  readonly loss: number;
  /** Share of this batch that was classified rightly before the step, 0 to 1. */
  readonly accuracy: number;
  /** Learning rate of this step. */
  readonly lr: number;
  /** Mean loss of the epoch so far, by image. */
  readonly meanLoss: number;
  /** Share of the epoch so far that was classified rightly, 0 to 1. */
  readonly meanAccuracy: number;
  /** Training images a second in this epoch so far. */
  readonly imagesPerSecond: number;
}

/** One epoch of a run. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Optimizer steps since the start of the run. */
  readonly step: number;
  readonly lr: number;
  /** Mean over the epoch's images of the loss that each had when it was trained on. */
  readonly trainLoss: number;
  /** Share of the epoch's images classified rightly when they were trained on, 0 to 1. */
  readonly trainAccuracy: number;
  /** Mean loss on the test set after the epoch. */
  readonly testLoss: number;
  /** Share of the test set classified rightly after the epoch, 0 to 1. */
  readonly testAccuracy: number;
  /**
   * Seconds of training and of evaluation. NaN, as the next, for an epoch before a run was resumed whose `history.json` is not
   * beside its checkpoint: times are not in checkpoints, which are equal for equal runs.
   */
  readonly seconds: number;
  /** Images trained on by second. */
  readonly imagesPerSecond: number;
}

/** The course of a run. */
export interface History {
  readonly epochs: readonly EpochRecord[];
  /** Loss of each batch of this run, in order. */
  readonly stepLosses: readonly number[];
}

/** Loss and accuracy on a data set. */
export interface Evaluation {
  /** Mean loss by image. */
  readonly loss: number;
  /** Share classified rightly, 0 to 1. */
  readonly accuracy: number;
  /** Images classified rightly, of `count`. */
  readonly correct: number;
  readonly count: number;
}

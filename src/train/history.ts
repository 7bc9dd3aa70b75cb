/** What `onBatchEnd` receives after each batch. */
export interface BatchEnd {
  /** Counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Number within the epoch, counted from 1. */
  readonly batch: number;
  /** Batches in an epoch. */
  readonly batches: number;
  /** Number of the optimizer step that this batch belongs to, since the start of the run; several batches may make one. */
  readonly step: number;
  /** Images in this batch. */
  readonly size: number;
  /** Mean loss of this batch, with the weights before its step. */
  readonly loss: number;
  /** Share of this batch that was classified correctly before the step, 0 to 1. */
  readonly accuracy: number;
  /** Learning rate of this step. */
  readonly lr: number;
  /** Mean loss of the epoch so far, per image. */
  readonly meanLoss: number;
  /** Share of the epoch so far that was classified correctly, 0 to 1. */
  readonly meanAccuracy: number;
  /** Training images per second in this epoch so far. */
  readonly imagesPerSecond: number;
}

/** One epoch of a run. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Optimizer steps since the start of the run. */
  readonly step: number;
  readonly lr: number;
  /** Mean of the losses that the epoch's images had when they were trained on. */
  readonly trainLoss: number;
  /** Share of the epoch's images classified correctly when they were trained on, 0 to 1. */
  readonly trainAccuracy: number;
  /** Mean loss on the test set after the epoch. */
  readonly testLoss: number;
  /** Share of the test set classified correctly after the epoch, 0 to 1. */
  readonly testAccuracy: number;
  /**
   * Seconds of training and of evaluation. NaN, like the next, for epochs before a resume if the run's `history.json` is not
   * beside its checkpoint: checkpoints hold no times, so that equal runs have equal ones.
   */
  readonly seconds: number;
  /** Images trained on per second. */
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
  /** Mean loss per image. */
  readonly loss: number;
  /** Share classified correctly, 0 to 1. */
  readonly accuracy: number;
  /** Images classified correctly, of `count`. */
  readonly correct: number;
  readonly count: number;
}

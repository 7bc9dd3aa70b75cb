import type { BatchEnd, EpochRecord, StartInfo } from '../../index.js';
import type { AlsoTested } from './also-test.js';

/** What is known when a run begins. */
export interface RunStart extends StartInfo {
  /** Folder that the run writes to. */
  readonly out: string;
  /** Folder or checkpoint that it resumes from. */
  readonly resumed?: string;
  /** File of weights that it starts from. */
  readonly init?: string;
  /** What is trained on, where that are pictures. */
  readonly pictures?: {
    readonly classes: readonly string[];
    /** How the test part was drawn, where the source has none. */
    readonly valSplit?: { readonly share: number; readonly seed: number };
    /** Pictures that are evaluated at the end only. */
    readonly finalCount?: number;
  };
}

/** How many pictures were left out, and the file that lists them. */
export interface LeftOutPictures {
  readonly count: number;
  readonly list: string;
}

/** What is known when it ends. */
export interface RunEnd {
  readonly model: string;
  readonly modelBytes: number;
  readonly checkpoint: string;
  readonly history: string;
  readonly testAccuracy: number;
  readonly testLoss: number;
  readonly epochs: number;
  readonly steps: number;
  /** Training and evaluation, without reading the data. */
  readonly seconds: number;
  readonly device: string;
  readonly testData: string;
  /** On the part of the data that had no say in the training. */
  readonly finalTest?: AlsoTested;
  readonly also?: AlsoTested;
  /** If there is no second test set though one would be of interest: how to get it. */
  readonly alsoHint?: string;
  /** Pictures that were left out because they cannot be read, and the file that lists them. */
  readonly leftOut?: LeftOutPictures;
  /** A command line to try the model with. */
  readonly next: string;
}

/** Shows the progress of a run. */
export interface Reporter {
  readonly start: (start: RunStart) => void;
  readonly step: (event: BatchEnd) => void;
  readonly epoch: (record: EpochRecord, epochs: number) => void;
  readonly done: (end: RunEnd) => void;
  /** Erases what is on the screen only temporarily. */
  readonly close: () => void;
}

/** Says of batches in their order whether one is shown: the first of every so many steps; `every` 0 shows none. */
export function shownSteps(every: number): (event: BatchEnd) => boolean {
  let last = 0;
  return ({ step }) => {
    const isNew = step !== last;
    last = step;
    return isNew && every > 0 && step % every === 0;
  };
}

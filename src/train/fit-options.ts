import { checkTrainingBatch } from '../program/index.js';
import {
  augmenter,
  type Augment,
  checkNormalization,
  checkSplit,
  prepareBatch,
  type Batch,
  type BatchMixing,
  type BatchSource,
  type Dataset,
  type DataSplit,
} from '../data/index.js';
import { defined } from '../checks.js';
import { messageOf, OptionError } from '../errors.js';
import type { BatchEnd, EpochRecord } from './history.js';
import type { Scheduler, SchedulerState } from './schedulers/index.js';
import { checkFields, type RunSpec } from './spec/run.js';
import type { Trainer } from './trainer.js';

/** Fields of a run that `fit` requires. */
const needed = ['epochs', 'batchSize', 'learningRate'] as const;
const others = ['shuffle', 'seed', 'normalization', 'mixup', 'cutmix', 'maxSteps', 'readEvery'] as const;

/** How `fit` trains: the fields of a `RunSpec` that concern it, and what is not plain JSON. */
export interface FitOptions
  extends Required<Pick<RunSpec, (typeof needed)[number]>>, Pick<RunSpec, (typeof others)[number]> {
  /** Random changes of the training images; transforms may be functions of your own. */
  readonly augment?: Augment;
  readonly scheduler: Scheduler;
  readonly onBatchEnd?: (event: BatchEnd) => void | Promise<void>;
  readonly onEpochEnd?: (record: EpochRecord) => void | Promise<void>;
  /**
   * Called after each epoch, and when the run is stopped in the middle of one: the place to write a checkpoint. Returns
   * where it was written.
   */
  readonly onCheckpoint?: (point: ResumePoint) => Promise<string | undefined>;
  /**
   * Called between two optimizer steps and between two batches of an evaluation, with the point at which a checkpoint made now would resume: the
   * place to let others have their turn. The time it takes is not counted as training.
   */
  readonly betweenRuns?: (point: ResumePoint) => void | Promise<void>;
  /** Where each epoch's batches come from, e.g. a thread that prepares them; default: the function `batches`. */
  readonly batches?: BatchSource;
  /** Changes a batch in place before it is trained on; `step` is the number that its step will have. */
  readonly changeBatch?: (batch: Batch, step: number) => void | Promise<void>;
  /** Where to resume. */
  readonly resume?: ResumePoint;
  /** Name of the checkpoint of `resume` in errors. */
  readonly resumedFrom?: string;
  readonly signal?: AbortSignal;
}

/** What a run needs besides the weights to resume where it stopped. */
export interface ResumePoint {
  /** Epochs finished. */
  readonly epoch: number;
  readonly scheduler: SchedulerState;
  /** One record for each finished epoch. */
  readonly epochs: readonly EpochRecord[];
  /** How far the epoch after them has got, if the run stopped in its middle. */
  readonly partial?: EpochSums;
}

/** Sums over the batches of an epoch so far. */
export interface EpochSums {
  readonly batches: number;
  /** Sum of the images' losses. */
  readonly loss: number;
  readonly correct: number;
  readonly images: number;
}

/** Throws OptionError for options outside their range or that do not fit the data, DataError for damaged data. */
export function checkFitOptions(data: DataSplit, network: Trainer['network'], options: FitOptions): void {
  const { train, test, final } = data;
  const { augment, ...plain } = options;
  checkFields([...needed, ...others], plain);
  // Callers without TypeScript: a scheduler's name, or nothing.
  const { initial, next } = options.scheduler as Partial<Scheduler>;
  if (typeof initial !== 'function' || typeof next !== 'function') {
    throw new OptionError(
      `scheduler: expected one such as stepLR({ stepSize: 3 }), got ${JSON.stringify(options.scheduler)}`,
    );
  }
  checkSplit(data);
  if (augment !== undefined) augmenter(augment, train);
  if (options.normalization) checkNormalization(options.normalization, train.shape[0]);
  for (const set of [train, test, ...(final ? [final] : [])]) checkSetFits(set, network);
  if (options.batchSize > train.count) {
    throw new OptionError(
      `batchSize: expected at most ${train.count}, the number of images in ${train.name}, got ${options.batchSize}`,
    );
  }
  checkLastBatch(network, train.count, options.batchSize);
}

/** How a run mixes the images of a batch; undefined where it does not. */
export function mixingOf(
  { mixup, cutmix }: Pick<RunSpec, 'mixup' | 'cutmix'>,
  { classes }: Pick<Trainer['network'], 'classes'>,
): BatchMixing | undefined {
  return mixup === undefined && cutmix === undefined ? undefined : { ...defined({ mixup, cutmix }), classes };
}

/** Throws, before anything takes time, what the augmentation of the first image throws: it may give another size. */
export async function checkFirstImage(
  train: Dataset,
  { augment, normalization, seed = 0 }: Pick<FitOptions, 'augment' | 'normalization' | 'seed'>,
): Promise<void> {
  if (augment === undefined) return;
  await prepareBatch(train, [0], undefined, normalization, { augment, seed, epoch: 1 });
}

/** Throws OptionError for images or classes that the network is not made for. */
export function checkSetFits(set: Dataset, network: Trainer['network']): void {
  if (set.shape.join() !== network.input.join()) {
    throw new OptionError(
      `data ${set.name}: the network ${network.name} expects images ${network.input.join('x')}, ` +
        `got ${set.shape.join('x')}`,
    );
  }
  if (set.classes.length > network.classes) {
    throw new OptionError(
      `data ${set.name}: the network ${network.name} tells ${network.classes} classes apart, the data have ${set.classes.length}`,
    );
  }
}

/** The last batch takes what is left: a single image may be too few for batch normalisation. */
function checkLastBatch(network: Trainer['network'], count: number, batchSize: number): void {
  if (count % batchSize !== 1 && batchSize !== 1) return;
  try {
    checkTrainingBatch(network, 1);
  } catch (cause) {
    throw new OptionError(
      `batchSize: ${batchSize} of ${count} images at a time leaves one image in the last batch, too few for the ` +
        `network ${network.name} (${messageOf(cause)}); choose another size`,
      { cause },
    );
  }
}

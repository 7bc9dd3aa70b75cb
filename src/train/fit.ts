import { batchCount, batches, mixedBatches, type Batch, type DataSplit } from '../data/index.js';
import { AbortedError, DivergedError, OptionError } from '../errors.js';
import {
  checkFitOptions,
  mixingOf,
  type EpochSums,
  type FitOptions,
  type ResumePoint,
} from './fit-options.js';
import { defined } from '../checks.js';
import type { BatchEnd, EpochRecord, Evaluation, History } from './history.js';
import type { SubmittedStep, Trainer } from './trainer.js';

/** The history of a run and where it stands. */
export interface FitResult extends History {
  readonly point: ResumePoint;
}

/**
 * The training loop: for each epoch one pass over the training set (the last batch may be smaller), an evaluation on the
 * test set, a checkpoint, and the scheduler's next learning rate.
 *
 * Throws OptionError for options outside their range and for `mixup` or `cutmix` with a trainer without `softTargets`, DivergedError when the loss is no longer finite, AbortedError when
 * the signal fires (after a checkpoint); callbacks' own errors pass through.
 *
 * @example
 * const scheduler = stepLR({ stepSize: 3, gamma: 0.5 });
 * const { epochs } = await fit(trainer, data, { epochs: 2, batchSize: 64, learningRate: 1e-3, scheduler });
 */
export async function fit(trainer: Trainer, data: DataSplit, options: FitOptions): Promise<FitResult> {
  checkFitOptions(data, trainer.network, options);
  if (mixingOf(options, trainer.network) !== undefined && !trainer.hasSoftTargets) {
    throw new OptionError('mixup and cutmix: expected a trainer with softTargets, got one without');
  }
  const stepLosses: number[] = [];
  let point = options.resume ?? startOf(options);
  let lastGood = options.resumedFrom;
  while (point.epoch < options.epochs && !isFinished(trainer, options)) {
    const epoch = point.epoch + 1;
    const clock = new Stopwatch();
    const trained = new EpochRun(trainer, data, options, point, lastGood, clock);
    let finished = false;
    try {
      await trained.run(stepLosses);
      const trainSeconds = clock.seconds;
      const test = await trainer.evaluate(data.test, {
        ...evaluationOptions(options),
        betweenRuns: () => trained.giveWay(),
      });
      // The epoch's last step may be the one that diverged: no batch after it has shown that.
      if (!Number.isFinite(test.loss)) {
        const at = `on ${data.test.name} after step ${trainer.steps} (epoch ${epoch})`;
        throw diverged(test.loss, at, point.scheduler.lr, lastGood);
      }
      const record: EpochRecord = {
        ...recordOf(trained.sums, test),
        epoch,
        step: trainer.steps,
        lr: point.scheduler.lr,
        seconds: clock.seconds,
        imagesPerSecond: trained.imagesHere / trainSeconds,
      };
      const epochs = [...point.epochs, record];
      if (!trained.whole) {
        // Cut short by maxSteps: the record is shown, but a resumed run continues inside this epoch.
        point = { ...point, partial: trained.sums };
        await options.onCheckpoint?.(point);
        await options.onEpochEnd?.(record);
        return { epochs, stepLosses, point };
      }
      finished = true;
      point = { epoch, scheduler: options.scheduler.next(point.scheduler, record), epochs };
      lastGood = (await options.onCheckpoint?.(point)) ?? lastGood;
      await options.onEpochEnd?.(record);
    } catch (error) {
      // `throwIfAborted` throws the signal's reason; any other error has a cause of its own, even after an abort.
      if (options.signal?.aborted !== true || error !== options.signal.reason) throw error;
      const kept = await options.onCheckpoint?.(finished ? point : { ...point, partial: trained.sums });
      const where = kept === undefined ? '' : `; go on from ${kept}`;
      throw new AbortedError(`training was stopped after step ${trainer.steps}${where}`, { cause: error });
    }
  }
  return { epochs: point.epochs, stepLosses, point };
}

/** Where a run stands before its first step. */
export function startOf({ scheduler, learningRate }: FitOptions): ResumePoint {
  return { epoch: 0, scheduler: scheduler.initial(learningRate), epochs: [] };
}

/** A step whose result has not been read. */
interface Unread extends Pick<BatchEnd, 'step' | 'batch' | 'size'> {
  readonly result: SubmittedStep['result'];
}

/** For how long, and for how many steps at most, a GPU runs before its results are read. */
const SECONDS_UNREAD = 0.1;
const MOST_UNREAD = 64;

/** One epoch's pass over the training set. */
class EpochRun {
  sums: EpochSums;
  /** False if `maxSteps` cut the epoch short. */
  whole = true;
  readonly #done: number;
  readonly #already: number;
  readonly #unread: Unread[] = [];
  #together: number;
  /** The clock, in seconds, when results were last read. */
  #readAt = 0;

  constructor(
    private readonly trainer: Trainer,
    private readonly data: DataSplit,
    private readonly options: FitOptions,
    private readonly point: ResumePoint,
    private readonly lastGood: string | undefined,
    private readonly clock: Stopwatch,
  ) {
    this.sums = point.partial ?? { batches: 0, loss: 0, correct: 0, images: 0 };
    this.#done = this.sums.batches;
    this.#already = this.sums.images;
    this.#together = options.readEvery ?? 1;
  }

  /** Images trained on in this run, without those before a resume. */
  get imagesHere(): number {
    return this.sums.images - this.#already;
  }

  /** Batches in an epoch. */
  get #batches(): number {
    return batchCount(this.data.train.count, this.options.batchSize);
  }

  async run(stepLosses: number[]): Promise<void> {
    const { trainer, options, point } = this;
    const { signal } = options;
    const { lr } = point.scheduler;
    const epoch = point.epoch + 1;
    const count = this.#batches;
    let wantsTurn = false;
    for await (const batch of this.#epochOf(epoch)) {
      if (isFinished(trainer, options)) {
        this.whole = false;
        break;
      }
      // A checkpoint holds no sum of gradients: a run continues to its optimizer step before it stops.
      if (signal?.aborted === true && trainer.isBetweenSteps) break;
      await options.changeBatch?.(batch, trainer.nextBatch);
      const step = trainer.steps + 1;
      const { result } = await trainer.submit(batch, lr, { endsStep: batch.index + 1 === count });
      this.#unread.push({ result, step, batch: batch.index + 1, size: batch.size });
      if (this.#unread.length >= this.#together) {
        await this.#read(stepLosses);
        wantsTurn = true;
      }
      if (!wantsTurn || !trainer.isBetweenSteps) continue;
      // What others find then is whole: a checkpoint counts the batches that have been read.
      await this.#read(stepLosses);
      wantsTurn = false;
      await this.giveWay();
    }
    await this.#read(stepLosses);
    signal?.throwIfAborted();
  }

  /** The batches of the epoch that are left. */
  #epochOf(epoch: number): Iterable<Batch> | AsyncIterable<Batch> {
    const { batchSize, shuffle = false, seed = 0, normalization, augment } = this.options;
    const { train } = this.data;
    const { network } = this.trainer;
    const mix = mixingOf(this.options, network);
    const source = this.options.batches ?? batches;
    const given = source(train, {
      ...{ ...normalization, batchSize, shuffle, seed, epoch, reuse: true, from: this.#done },
      ...defined({ augment, mix }),
    });
    return mix === undefined ? given : mixedBatches(given, mix, network.input, { seed, epoch });
  }

  /** Reads the results of the steps submitted since the last time, and reports them in order. */
  async #read(stepLosses: number[]): Promise<void> {
    const { options, point } = this;
    const steps = this.#unread.splice(0);
    if (steps.length === 0) return;
    const results = await Promise.all(steps.map(({ result }) => result()));
    this.#pace(steps.length);
    const epoch = point.epoch + 1;
    const batches = this.#batches;
    const { lr } = point.scheduler;
    for (const [i, { loss, correct }] of results.entries()) {
      const { step, batch, size } = steps[i] as Unread;
      if (!Number.isFinite(loss)) {
        const at = `at step ${step} (epoch ${epoch}, batch ${batch} of ${batches})`;
        throw diverged(loss, at, lr, this.lastGood);
      }
      stepLosses.push(loss);
      const { sums } = this;
      this.sums = {
        batches: batch,
        loss: sums.loss + loss * size,
        correct: sums.correct + correct,
        images: sums.images + size,
      };
      await options.onBatchEnd?.({
        ...{ epoch, epochs: options.epochs, batch, batches, step, size, loss, lr },
        accuracy: correct / size,
        meanLoss: this.sums.loss / this.sums.images,
        meanAccuracy: this.sums.correct / this.sums.images,
        imagesPerSecond: this.imagesHere / this.clock.seconds,
      });
    }
  }

  /** How many steps are submitted before the next reading, unless the caller says so. */
  #pace(steps: number): void {
    if (this.options.readEvery !== undefined || !this.trainer.isAsynchronous) return;
    const { seconds } = this.clock;
    const each = (seconds - this.#readAt) / steps;
    this.#readAt = seconds;
    this.#together = Math.max(1, Math.min(MOST_UNREAD, Math.floor(SECONDS_UNREAD / each)));
  }

  /** Lets others have their turn, off the clock. */
  async giveWay(): Promise<void> {
    const { betweenRuns } = this.options;
    if (betweenRuns === undefined) return;
    const start = performance.now();
    await betweenRuns({ ...this.point, partial: this.sums });
    this.clock.leaveOut(performance.now() - start);
  }
}

/** Measures the time since it was created, without what is left out. */
class Stopwatch {
  #start = performance.now();

  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  leaveOut(milliseconds: number): void {
    this.#start += milliseconds;
  }
}

function diverged(loss: number, at: string, lr: number, lastGood = 'none was written'): DivergedError {
  return new DivergedError(
    `the loss became ${loss} ${at} with learning rate ${lr}; try a smaller one. Last good checkpoint: ${lastGood}`,
  );
}

function recordOf(
  sums: EpochSums,
  test: Evaluation,
): Pick<EpochRecord, 'trainLoss' | 'trainAccuracy' | 'testLoss' | 'testAccuracy'> {
  return {
    trainLoss: sums.loss / sums.images,
    trainAccuracy: sums.correct / sums.images,
    testLoss: test.loss,
    testAccuracy: test.accuracy,
  };
}

function evaluationOptions({
  batchSize,
  normalization,
  signal,
  batches: source,
}: FitOptions): NonNullable<Parameters<Trainer['evaluate']>[1]> {
  return { batchSize, ...defined({ normalization, signal, batches: source }) };
}

function isFinished(trainer: Trainer, { maxSteps = Infinity }: FitOptions): boolean {
  return trainer.steps >= maxSteps;
}

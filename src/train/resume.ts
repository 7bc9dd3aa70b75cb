import type { Checkpoint } from '../weights/index.js';
import { withClock } from './clocks.js';
import { CheckpointError, OptionError } from '../errors.js';
import type { EpochSums, FitOptions, ResumePoint } from './fit-options.js';
import type { EpochRecord } from './history.js';
import { schedulerState } from './schedulers/index.js';

/** What the order of an epoch's images depends on. */
export interface Order {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  /** The augmentation as JSON; empty without. */
  readonly augment: string;
}

/** The order that a run's options ask for. */
export function orderOf({ batchSize, shuffle = false, seed = 0, augment }: FitOptions): Order {
  const { pad = 0, crop = false, flip = false } = augment ?? {};
  return {
    batchSize,
    shuffle,
    seed,
    augment: augment === undefined ? '' : JSON.stringify({ pad, crop, flip }),
  };
}

/**
 * Where a checkpoint's run stands. Throws CheckpointError for a checkpoint that does not say (plain weights) or whose
 * run is complete, and OptionError for options with which it cannot go on: no steps left, or another order of images in
 * the middle of an epoch.
 */
export function readResumePoint(
  { progress: { epoch, step, extra } }: Checkpoint,
  where: string,
  options: FitOptions,
  history?: readonly Partial<EpochRecord>[],
): ResumePoint {
  const point = (extra ?? {}) as Partial<ResumePoint> & { readonly order?: Partial<Order> };
  if (point.scheduler === undefined || !Array.isArray(point.epochs)) {
    throw new CheckpointError(
      `${where}: expected a checkpoint of a training run, got weights without progress; start from them with init`,
    );
  }
  if (epoch >= options.epochs) {
    throw new CheckpointError(
      `${where}: its run has finished ${epoch} epochs; to go on, ask for more than that`,
    );
  }
  if (options.maxSteps !== undefined && step >= options.maxSteps) {
    throw new OptionError(
      `max steps: expected more than the ${step} that ${where} has taken, got ${options.maxSteps}`,
    );
  }
  const partial = point.partial && checkSums(point.partial, where);
  if (partial !== undefined && partial.batches > 0) checkOrder(point.order ?? {}, orderOf(options), where);
  return {
    epoch,
    scheduler: schedulerState(point.scheduler, where),
    epochs: withClock(point.epochs as readonly EpochRecord[], history),
    ...(partial && { partial }),
  };
}

function checkSums(partial: Partial<EpochSums>, where: string): EpochSums {
  const { batches, loss, correct, images } = partial;
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
  if (isCount(batches) && isCount(correct) && isCount(images) && Number.isFinite(loss)) {
    return { batches, loss: Number(loss), correct, images };
  }
  throw new CheckpointError(
    `${where}: partial: expected batches, loss, correct and images, got ${JSON.stringify(partial)}`,
  );
}

/** In the middle of an epoch, batches are left out by their number: they must be the same ones. */
function checkOrder(was: Partial<Order>, is: Order, where: string): void {
  for (const name of ['batchSize', 'shuffle', 'seed', 'augment'] as const) {
    if (was[name] !== undefined && was[name] !== is[name]) {
      throw new OptionError(
        `${name}: ${where} stopped in the middle of an epoch with ${name} ${was[name]}: expected the same to go on, got ${is[name]}`,
      );
    }
  }
}

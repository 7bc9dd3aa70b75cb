import { OptionError } from '../../errors.js';
import { choiceOption, numberOption } from './options.js';
import type { PlateauState, Scheduler, SchedulerMetrics } from './scheduler.js';

/** A metric that ReduceLROnPlateau can watch. */
export type PlateauMetric = keyof SchedulerMetrics;

/** Options of `reduceLROnPlateau`. */
export interface ReduceLROnPlateauOptions {
  /** Whether the metric should fall (`min`) or rise (`max`); default `min`. */
  readonly mode?: 'min' | 'max';
  /**
   * The metric to watch. Default `auto`: in mode `max` testAccuracy; in mode `min` testLoss where the epoch has one,
   * else trainLoss.
   */
  readonly metric?: PlateauMetric | 'auto';
  /** Factor of each reduction; default 0.1. */
  readonly factor?: number;
  /** Epochs without an improvement that are borne; default 10. */
  readonly patience?: number;
  /** How much better counts as an improvement; default 1e-4. */
  readonly threshold?: number;
  /** Whether `threshold` is a share of the best metric (`rel`) or a difference (`abs`); default `rel`. */
  readonly thresholdMode?: 'rel' | 'abs';
  /** Epochs after a reduction that do not count as bad; default 0. */
  readonly cooldown?: number;
  /** Lowest learning rate; default 0. */
  readonly minLr?: number;
  /** A reduction smaller than this is not made; default 1e-8. */
  readonly eps?: number;
}

/**
 * Multiplies the rate by `factor` when the metric has not improved for more than `patience` epochs. A metric that is NaN
 * is no improvement.
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
 *
 * Throws OptionError for options out of range, and from `next` where the epoch lacks the watched metric.
 *
 * @example
 * const scheduler = reduceLROnPlateau({ factor: 0.5, patience: 2 });
 * let state = scheduler.initial(0.001);
 * state = scheduler.next(state, { trainLoss: 0.4, testLoss: 0.5 });
 */
export function reduceLROnPlateau(given: ReduceLROnPlateauOptions = {}): Scheduler {
  const options = plateauOptions(given);
  const { mode, factor, patience, cooldown, minLr, eps } = options;
  return {
    name: 'reduceLROnPlateau',
    options,
    initial: (baseLr) => ({
      epoch: 0,
      lr: baseLr,
      baseLr,
      plateau: { best: null, badEpochs: 0, cooldown: 0 },
    }),
    next(state, metrics) {
      const before: PlateauState = state.plateau ?? { best: null, badEpochs: 0, cooldown: 0 };
      const metric = watched(options, metrics);
      const best = before.best ?? (mode === 'min' ? Infinity : -Infinity);
      const better = isBetter(options, metric, best);
      const cooling = before.cooldown > 0;
      const bad = better || cooling ? 0 : before.badEpochs + 1;
      const reduce = bad > patience;
      const lower = Math.max(state.lr * factor, minLr);
      const kept = better ? metric : best;
      return {
        epoch: state.epoch + 1,
        lr: reduce && state.lr - lower > eps ? lower : state.lr,
        baseLr: state.baseLr,
        plateau: {
          // JSON has no infinity.
          best: Number.isFinite(kept) ? kept : null,
          badEpochs: reduce ? 0 : bad,
          cooldown: reduce ? cooldown : Math.max(0, before.cooldown - 1),
        },
      };
    },
  };
}

type PlateauDefaults = Required<ReduceLROnPlateauOptions> & Record<string, number | string>;

function isBetter(
  { mode, threshold, thresholdMode }: PlateauDefaults,
  metric: number,
  best: number,
): boolean {
  const sign = mode === 'min' ? -1 : 1;
  const mark = thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold;
  return mode === 'min' ? metric < mark : metric > mark;
}

function watched({ mode, metric }: PlateauDefaults, metrics: SchedulerMetrics): number {
  const auto = mode === 'max' ? 'testAccuracy' : metrics.testLoss === undefined ? 'trainLoss' : 'testLoss';
  const name = metric === 'auto' ? auto : metric;
  const value = metrics[name];
  if (value !== undefined) return value;
  throw new OptionError(
    `reduceLROnPlateau: metric: expected an epoch with ${name}, got ${Object.keys(metrics).join(', ')} (evaluate each epoch, or watch another metric)`,
  );
}

function plateauOptions(given: ReduceLROnPlateauOptions): PlateauDefaults {
  const where = 'reduceLROnPlateau';
  const metrics = ['auto', 'trainLoss', 'testLoss', 'testAccuracy'] as const;
  return {
    mode: choiceOption(where, 'mode', given.mode ?? 'min', ['min', 'max']),
    metric: choiceOption(where, 'metric', given.metric ?? 'auto', metrics),
    factor: numberOption(where, 'factor', given.factor ?? 0.1, { above: 0, below: 1 }),
    patience: numberOption(where, 'patience', given.patience ?? 10, { integer: true, min: 0 }),
    threshold: numberOption(where, 'threshold', given.threshold ?? 1e-4, { min: 0 }),
    thresholdMode: choiceOption(where, 'thresholdMode', given.thresholdMode ?? 'rel', ['rel', 'abs']),
    cooldown: numberOption(where, 'cooldown', given.cooldown ?? 0, { integer: true, min: 0 }),
    minLr: numberOption(where, 'minLr', given.minLr ?? 0, { min: 0 }),
    eps: numberOption(where, 'eps', given.eps ?? 1e-8, { min: 0 }),
  };
}

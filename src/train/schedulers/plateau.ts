import type { InferInput, InferOutput } from 'valibot';
import { OptionError } from '../../errors.js';
import { checked, fromZero, number, object, oneOf, optional, said, whole } from '../../schema.js';
import type { PlateauState, Scheduler, SchedulerMetrics } from './scheduler.js';

export const reduceLROnPlateauSchema = object({
  mode: optional(said(oneOf(['min', 'max']), 'whether the metric should fall (min) or rise (max)'), 'min'),
  metric: optional(
    said(
      oneOf(['auto', 'trainLoss', 'testLoss', 'testAccuracy']),
      'the metric to watch: trainLoss, testLoss, testAccuracy; auto: testAccuracy where it should rise, else testLoss',
    ),
    'auto',
  ),
  factor: optional(said(number({ above: 0, below: 1 }), 'factor of each reduction'), 0.1),
  patience: optional(said(whole(0), 'epochs without improvement before the rate is reduced'), 10),
  threshold: optional(said(fromZero(), 'how much better counts as an improvement'), 1e-4),
  thresholdMode: optional(
    said(
      oneOf(['rel', 'abs']),
      'whether the threshold is a share of the best metric (rel) or a difference (abs)',
    ),
    'rel',
  ),
  cooldown: optional(said(whole(0), 'epochs after a reduction that do not count as bad'), 0),
  minLr: optional(said(fromZero(), 'lowest rate'), 0),
  eps: optional(said(fromZero(), 'a reduction smaller than this is not made', { flag: 'plateauEps' }), 1e-8),
});

/** Options of `reduceLROnPlateau`: PyTorch's, and the `metric` to watch. */
export type ReduceLROnPlateauOptions = InferInput<typeof reduceLROnPlateauSchema>;

type Filled = InferOutput<typeof reduceLROnPlateauSchema>;

/**
 * Multiplies the rate by `factor` when the metric has not improved for more than `patience` epochs. A metric that is NaN
 * is no improvement.
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
 *
 * Throws OptionError for options out of range, and from `next` if the epoch lacks the watched metric.
 *
 * @example
 * const scheduler = reduceLROnPlateau({ factor: 0.5, patience: 2 });
 * let state = scheduler.initial(0.001);
 * state = scheduler.next(state, { trainLoss: 0.4, testLoss: 0.5 });
 */
export function reduceLROnPlateau(given: ReduceLROnPlateauOptions = {}): Scheduler {
  const options = checked(reduceLROnPlateauSchema, given, 'reduceLROnPlateau');
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

function isBetter({ mode, threshold, thresholdMode }: Filled, metric: number, best: number): boolean {
  const sign = mode === 'min' ? -1 : 1;
  const mark = thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold;
  return mode === 'min' ? metric < mark : metric > mark;
}

function watched({ mode, metric }: Filled, metrics: SchedulerMetrics): number {
  const auto = mode === 'max' ? 'testAccuracy' : metrics.testLoss === undefined ? 'trainLoss' : 'testLoss';
  const name = metric === 'auto' ? auto : metric;
  const value = metrics[name];
  if (value !== undefined) return value;
  throw new OptionError(
    `reduceLROnPlateau: metric: expected an epoch with ${name}, got ${Object.keys(metrics).join(', ')} (evaluate each epoch, or watch another metric)`,
  );
}

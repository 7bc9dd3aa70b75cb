import type { InferInput } from 'valibot';
import { flag, fromZero, number, object, oneOf, optional, positive, said, whole } from '../../schema.js';
import { ofOptions } from './scheduler.js';

export const cosineAnnealingLRSchema = object({
  tMax: said(whole(1), 'epochs from the base rate down to the lowest', { fallback: 'all epochs' }),
  etaMin: optional(said(fromZero(), 'lowest rate'), 0),
});

/** Options of `cosineAnnealingLR`: the epochs down to the lowest rate, and that rate, 0 unless given. */
export type CosineAnnealingLROptions = InferInput<typeof cosineAnnealingLRSchema>;

/**
 * lr = etaMin + (base - etaMin) * (1 + cos(pi * epoch / tMax)) / 2; after tMax it rises again, as in PyTorch.
 * Source: https://arxiv.org/abs/1608.03983 and
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
 *
 * Throws OptionError for a tMax that is not a whole number from 1, or an etaMin below 0.
 *
 * @example
 * cosineAnnealingLR({ tMax: 20, etaMin: 1e-5 });
 */
export const cosineAnnealingLR = ofOptions(
  'cosineAnnealingLR',
  cosineAnnealingLRSchema,
  ({ tMax, etaMin }) =>
    (base, epoch) =>
      etaMin + ((base - etaMin) * (1 + Math.cos((Math.PI * epoch) / tMax))) / 2,
);

export const linearWarmupSchema = object({
  startFactor: optional(said(number({ above: 0, max: 1 }), 'factor of the first epoch'), 1 / 3),
  endFactor: optional(said(number({ min: 0, max: 1 }), 'factor from epoch totalIters on'), 1),
  totalIters: optional(said(whole(1), 'epochs until the end factor'), 5),
});

/** Options of `linearWarmup`: startFactor (1/3 unless given), endFactor (1), and the totalIters (5) epochs in between. */
export type LinearWarmupOptions = InferInput<typeof linearWarmupSchema>;

/**
 * lr = base * (startFactor + (endFactor - startFactor) * min(1, epoch / totalIters)): PyTorch's LinearLR.
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html
 *
 * Throws OptionError for factors outside (0, 1] and [0, 1], or totalIters that is not a whole number from 1.
 *
 * @example
 * linearWarmup({ startFactor: 0.1, totalIters: 5 });
 */
export const linearWarmup = ofOptions(
  'linearWarmup',
  linearWarmupSchema,
  ({ startFactor, endFactor, totalIters }) =>
    (base, epoch) =>
      base * (startFactor + ((endFactor - startFactor) * Math.min(epoch, totalIters)) / totalIters),
);

export const oneCycleLRSchema = object({
  maxLr: said(positive(), 'highest rate'),
  totalSteps: said(whole(1), 'epochs of the whole cycle', { fallback: 'all epochs' }),
  pctStart: optional(said(number({ above: 0, below: 1 }), 'share of the cycle in which the rate rises'), 0.3),
  annealStrategy: optional(said(oneOf(['cos', 'linear']), 'form of both ramps, cos or linear'), 'cos'),
  divFactor: optional(said(positive(), 'the first rate is the highest divided by this'), 25),
  finalDivFactor: optional(said(positive(), 'the last rate is the first divided by this'), 1e4),
  threePhase: optional(said(flag(), 'fall to the first rate as fast as it rose, then on to the last'), false),
});

/** Options of `oneCycleLR`; only the highest rate and the epochs of the cycle are required. */
export type OneCycleLROptions = InferInput<typeof oneCycleLRSchema>;

/**
 * Rises to maxLr and falls far below where it began, one step an epoch. As in PyTorch the base rate is not used. After
 * `totalSteps` epochs, where PyTorch throws, the last rate stays.
 * Source: https://arxiv.org/abs/1708.07120 and
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 *
 * Throws OptionError for rates and factors that are not positive, pctStart outside (0, 1), totalSteps that is not a
 * whole number from 1, or an unknown annealStrategy.
 *
 * @example
 * oneCycleLR({ maxLr: 0.01, totalSteps: 20 });
 */
export const oneCycleLR = ofOptions('oneCycleLR', oneCycleLRSchema, (options) => {
  const { maxLr, totalSteps, pctStart, annealStrategy, divFactor, finalDivFactor, threePhase } = options;
  const first = maxLr / divFactor;
  const last = first / finalDivFactor;
  const top = pctStart * totalSteps - 1;
  const end = totalSteps - 1;
  const phases: readonly Phase[] = threePhase
    ? [
        { until: top, from: first, to: maxLr },
        { until: 2 * top, from: maxLr, to: first },
        { until: end, from: first, to: last },
      ]
    : [
        { until: top, from: first, to: maxLr },
        { until: end, from: maxLr, to: last },
      ];
  return (_base, epoch) => {
    let start = 0;
    for (const { until, from, to } of phases) {
      if (epoch <= until) {
        const part = until === start ? 1 : (epoch - start) / (until - start);
        return annealStrategy === 'cos'
          ? to + ((from - to) / 2) * (1 + Math.cos(Math.PI * part))
          : from + (to - from) * part;
      }
      start = until;
    }
    return last;
  };
});

interface Phase {
  /** Epoch of its end; not whole if pctStart does not divide the cycle. */
  readonly until: number;
  readonly from: number;
  readonly to: number;
}

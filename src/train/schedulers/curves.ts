import { choiceOption, numberOption } from './options.js';
import { ofEpoch, type Scheduler } from './scheduler.js';

/** Options of `cosineAnnealingLR`. */
export interface CosineAnnealingLROptions {
  /** Epochs from the base rate down to the lowest. */
  readonly tMax: number;
  /** Lowest learning rate; default 0. */
  readonly etaMin?: number;
}

/**
 * lr = etaMin + (base - etaMin) * (1 + cos(pi * epoch / tMax)) / 2; after tMax it rises again, as in PyTorch.
 * Source: https://arxiv.org/abs/1608.03983 and
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
 *
 * Throws OptionError for a tMax that is no integer from 1, or an etaMin below 0.
 *
 * @example
 * cosineAnnealingLR({ tMax: 20, etaMin: 1e-5 });
 */
export function cosineAnnealingLR({ tMax, etaMin = 0 }: CosineAnnealingLROptions): Scheduler {
  const half = numberOption('cosineAnnealingLR', 'tMax', tMax, { integer: true, min: 1 });
  const low = numberOption('cosineAnnealingLR', 'etaMin', etaMin, { min: 0 });
  return ofEpoch('cosineAnnealingLR', { tMax: half, etaMin: low }, (base, epoch) => {
    return low + ((base - low) * (1 + Math.cos((Math.PI * epoch) / half))) / 2;
  });
}

/** Options of `linearWarmup`. */
export interface LinearWarmupOptions {
  /** Factor of the first epoch; default 1/3. */
  readonly startFactor?: number;
  /** Factor from epoch `totalIters` on; default 1. */
  readonly endFactor?: number;
  /** Epochs until the end factor; default 5. */
  readonly totalIters?: number;
}

/**
 * lr = base * (startFactor + (endFactor - startFactor) * min(1, epoch / totalIters)): PyTorch's LinearLR.
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html
 *
 * Throws OptionError for factors outside (0, 1] and [0, 1], or totalIters that are no integer from 1.
 *
 * @example
 * linearWarmup({ startFactor: 0.1, totalIters: 5 });
 */
export function linearWarmup(options: LinearWarmupOptions = {}): Scheduler {
  const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = options;
  const start = numberOption('linearWarmup', 'startFactor', startFactor, { above: 0, max: 1 });
  const end = numberOption('linearWarmup', 'endFactor', endFactor, { min: 0, max: 1 });
  const total = numberOption('linearWarmup', 'totalIters', totalIters, { integer: true, min: 1 });
  return ofEpoch('linearWarmup', { startFactor: start, endFactor: end, totalIters: total }, (base, epoch) => {
    return base * (start + ((end - start) * Math.min(epoch, total)) / total);
  });
}

/** Options of `oneCycleLR`. */
export interface OneCycleLROptions {
  /** Highest learning rate. */
  readonly maxLr: number;
  /** Epochs of the whole cycle. */
  readonly totalSteps: number;
  /** Share of the cycle in which the rate rises, between 0 and 1; default 0.3. */
  readonly pctStart?: number;
  /** Form of both ramps, `cos` or `linear`; default `cos`. */
  readonly annealStrategy?: 'cos' | 'linear';
  /** The first rate is maxLr / divFactor; default 25. */
  readonly divFactor?: number;
  /** The last rate is maxLr / divFactor / finalDivFactor; default 1e4. */
  readonly finalDivFactor?: number;
  /** Falls to the first rate as fast as it rose, then on to the last; default false. */
  readonly threePhase?: boolean;
}

/**
 * Rises to maxLr and falls far below where it began, one step an epoch. As in PyTorch the base rate is not used. After
 * `totalSteps` epochs, where PyTorch throws, the last rate stays.
 * Source: https://arxiv.org/abs/1708.07120 and
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 *
 * Throws OptionError for rates and factors that are not positive, pctStart outside (0, 1), totalSteps that are no
 * integer from 1, an unknown annealStrategy.
 *
 * @example
 * oneCycleLR({ maxLr: 0.01, totalSteps: 20 });
 */
export function oneCycleLR(given: OneCycleLROptions): Scheduler {
  const options = oneCycleOptions(given);
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
  return ofEpoch('oneCycleLR', options, (_base, epoch) => {
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
  });
}

interface Phase {
  /** Epoch of its end; not whole when pctStart does not divide the cycle. */
  readonly until: number;
  readonly from: number;
  readonly to: number;
}

type OneCycleDefaults = Required<OneCycleLROptions> & Record<string, number | string | boolean>;

function oneCycleOptions(given: OneCycleLROptions): OneCycleDefaults {
  const positive = (option: string, value: number): number =>
    numberOption('oneCycleLR', option, value, { above: 0 });
  return {
    maxLr: positive('maxLr', given.maxLr),
    totalSteps: numberOption('oneCycleLR', 'totalSteps', given.totalSteps, { integer: true, min: 1 }),
    pctStart: numberOption('oneCycleLR', 'pctStart', given.pctStart ?? 0.3, { above: 0, below: 1 }),
    annealStrategy: choiceOption('oneCycleLR', 'annealStrategy', given.annealStrategy ?? 'cos', [
      'cos',
      'linear',
    ]),
    divFactor: positive('divFactor', given.divFactor ?? 25),
    finalDivFactor: positive('finalDivFactor', given.finalDivFactor ?? 1e4),
    threePhase: given.threePhase ?? false,
  };
}

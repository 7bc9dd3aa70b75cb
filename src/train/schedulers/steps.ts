import { milestonesOption, numberOption } from './options.js';
import { ofEpoch, type Scheduler } from './scheduler.js';

/** Options of `stepLR`. */
export interface StepLROptions {
  /** Epochs between two changes. */
  readonly stepSize: number;
  /** Factor of each change; default 0.1. */
  readonly gamma?: number;
}

/**
 * lr = base * gamma ^ floor(epoch / stepSize).
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
 *
 * Throws OptionError for a stepSize that is no integer from 1, or a gamma that is not positive.
 *
 * @example
 * stepLR({ stepSize: 3, gamma: 0.5 }).initial(0.001).lr; // 0.001
 */
export function stepLR({ stepSize, gamma = 0.1 }: StepLROptions): Scheduler {
  const every = numberOption('stepLR', 'stepSize', stepSize, { integer: true, min: 1 });
  const factor = numberOption('stepLR', 'gamma', gamma, { above: 0 });
  return ofEpoch('stepLR', { stepSize: every, gamma: factor }, (base, epoch) => {
    return base * factor ** Math.floor(epoch / every);
  });
}

/** Options of `multiStepLR`. */
export interface MultiStepLROptions {
  /** Epochs at which the rate changes, in any order; one that is named twice changes it twice, 0 changes the first rate. */
  readonly milestones: readonly number[];
  /** Factor of each change; default 0.1. */
  readonly gamma?: number;
}

/**
 * lr = base * gamma ^ (number of milestones reached, each as often as it is named).
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
 *
 * Throws OptionError for milestones that are no integers from 0, or a gamma that is not positive.
 *
 * @example
 * multiStepLR({ milestones: [30, 60] });
 */
export function multiStepLR({ milestones, gamma = 0.1 }: MultiStepLROptions): Scheduler {
  const factor = numberOption('multiStepLR', 'gamma', gamma, { above: 0 });
  const at = milestonesOption('multiStepLR', milestones);
  return ofEpoch('multiStepLR', { milestones: at, gamma: factor }, (base, epoch) => {
    return base * factor ** at.filter((milestone) => milestone <= epoch).length;
  });
}

/** Options of `exponentialLR`. */
export interface ExponentialLROptions {
  /** Factor of each epoch. */
  readonly gamma: number;
}

/**
 * lr = base * gamma ^ epoch.
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
 *
 * Throws OptionError for a gamma that is not positive.
 *
 * @example
 * exponentialLR({ gamma: 0.9 });
 */
export function exponentialLR({ gamma }: ExponentialLROptions): Scheduler {
  const factor = numberOption('exponentialLR', 'gamma', gamma, { above: 0 });
  return ofEpoch('exponentialLR', { gamma: factor }, (base, epoch) => base * factor ** epoch);
}

/** Options of `constantLR`. */
export interface ConstantLROptions {
  /** Factor during the first epochs; default 1 (PyTorch: 1/3). */
  readonly factor?: number;
  /** How many epochs the factor lasts; default 0 (PyTorch: 5). */
  readonly totalIters?: number;
}

/**
 * lr = base * factor for the first `totalIters` epochs, then base; without options the base rate throughout.
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html
 *
 * Throws OptionError for a factor outside (0, 1], or totalIters that are no integer from 0.
 *
 * @example
 * constantLR().initial(0.001).lr; // 0.001
 */
export function constantLR({ factor = 1, totalIters = 0 }: ConstantLROptions = {}): Scheduler {
  const scale = numberOption('constantLR', 'factor', factor, { above: 0, max: 1 });
  const last = numberOption('constantLR', 'totalIters', totalIters, { integer: true, min: 0 });
  return ofEpoch('constantLR', { factor: scale, totalIters: last }, (base, epoch) => {
    return epoch < last ? base * scale : base;
  });
}

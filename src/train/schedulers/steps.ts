import type { InferInput } from 'valibot';
import { list, number, object, optional, positive, said, whole } from '../../schema.js';
import { ofOptions } from './scheduler.js';

const gamma = said(positive(), 'factor of each change');

export const stepLRSchema = object({
  stepSize: said(whole(1), 'epochs between two changes'),
  gamma: optional(gamma, 0.1),
});

/** Options of `stepLR`: the epochs between two changes, and the factor of each, 0.1 unless given. */
export type StepLROptions = InferInput<typeof stepLRSchema>;

/**
 * lr = base * gamma ^ floor(epoch / stepSize).
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
 *
 * Throws OptionError for a stepSize that is not a whole number from 1, or a gamma that is not positive.
 *
 * @example
 * stepLR({ stepSize: 3, gamma: 0.5 }).initial(0.001).lr; // 0.001
 */
export const stepLR = ofOptions('stepLR', stepLRSchema, ({ stepSize, gamma: factor }) => {
  return (base, epoch) => base * factor ** Math.floor(epoch / stepSize);
});

export const multiStepLRSchema = object({
  milestones: said(
    list(whole(0), 'whole numbers of at least 0'),
    'epochs at which the rate changes, as 30,60',
  ),
  gamma: optional(gamma, 0.1),
});

/**
 * Options of `multiStepLR`: the epochs at which the rate changes, in any order (one that is named twice changes it twice, 0
 * changes the first rate), and the factor of each change, 0.1 unless given.
 */
export type MultiStepLROptions = InferInput<typeof multiStepLRSchema>;

/**
 * lr = base * gamma ^ (number of milestones reached, each counted as often as it is named).
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
 *
 * Throws OptionError for milestones that are not whole numbers from 0, or a gamma that is not positive.
 *
 * @example
 * multiStepLR({ milestones: [30, 60] });
 */
export const multiStepLR = ofOptions('multiStepLR', multiStepLRSchema, ({ milestones, gamma: factor }) => {
  return (base, epoch) => base * factor ** milestones.filter((milestone) => milestone <= epoch).length;
});

export const exponentialLRSchema = object({ gamma });

/** Options of `exponentialLR`: the factor of each epoch. */
export type ExponentialLROptions = InferInput<typeof exponentialLRSchema>;

/**
 * lr = base * gamma ^ epoch.
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
 *
 * Throws OptionError for a gamma that is not positive.
 *
 * @example
 * exponentialLR({ gamma: 0.9 });
 */
export const exponentialLR = ofOptions('exponentialLR', exponentialLRSchema, ({ gamma: factor }) => {
  return (base, epoch) => base * factor ** epoch;
});

export const constantLRSchema = object({
  factor: optional(said(number({ above: 0, max: 1 }), 'factor during the first epochs'), 1),
  totalIters: optional(said(whole(0), 'how many epochs the factor lasts'), 0),
});

/** Options of `constantLR`: a factor (1 unless given; PyTorch: 1/3) and the epochs that it lasts (0; PyTorch: 5). */
export type ConstantLROptions = InferInput<typeof constantLRSchema>;

/**
 * lr = base * factor for the first `totalIters` epochs, then base; without options the base rate throughout.
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html
 *
 * Throws OptionError for a factor outside (0, 1], or totalIters that is not a whole number from 0.
 *
 * @example
 * constantLR().initial(0.001).lr; // 0.001
 */
export const constantLR = ofOptions('constantLR', constantLRSchema, ({ factor, totalIters }) => {
  return (base, epoch) => (epoch < totalIters ? base * factor : base);
});

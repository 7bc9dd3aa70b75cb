import { checkOption, checkPositive } from '../checks.js';
import { OptionError } from '../errors.js';
import { formatType } from '../ir/index.js';
import { constantInit } from './init.js';
import { leaf } from './leaf.js';
import type { Net } from './net.js';

/** Options of `batchNorm`. */
export interface BatchNormOptions {
  /** Share of the batch's statistics in the new running ones, [0, 1]; default 0.1, as in PyTorch. */
  readonly momentum?: number;
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
  /** Where the weight starts; default 1. With 0 in the last layer of a block, the block starts as its shortcut. */
  readonly weight?: number;
  readonly name?: string;
}

/**
 * Batch normalisation of [N,C,H,W] or [N,C]: in training with the batch's statistics, in evaluation (and where its
 * running statistics are frozen) with the running ones. Parameters `weight` and `bias`, buffers `running_mean` and
 * `running_var` (unbiased), each [C], as in PyTorch. In training, one value a channel is a ShapeError.
 * Source: https://arxiv.org/abs/1502.03167
 *
 * @example
 * chain(conv(64, 3, { padding: 1, bias: false }), batchNorm(), relu());
 */
export function batchNorm(options: BatchNormOptions = {}): Net {
  const { momentum = 0.1, eps = 1e-5, weight = 1, name } = options;
  checkOption('batchNorm: momentum', momentum, momentum >= 0 && momentum <= 1, 'a number in [0, 1]');
  checkPositive('batchNorm: eps', eps);
  return leaf('bn', 'batch norm', name, (c, x) => {
    const channels = x.shape[1];
    if (typeof channels !== 'number') {
      throw new OptionError(`batchNorm: expected an input [N,C,...], got ${formatType(x)}`);
    }
    const state = {
      scale: c.parameter('weight', [channels], constantInit(weight)),
      bias: c.parameter('bias', [channels], constantInit(0)),
      mean: c.buffer('running_mean', [channels], constantInit(0)),
      variance: c.buffer('running_var', [channels], constantInit(1)),
    };
    if (!c.training || c.isFrozen('running_mean')) return c.b.batchNormalization(x, state, eps);
    const { y, runningMean, runningVar } = c.b.batchNormTrain(x, state, { momentum, eps });
    c.update('running_mean', runningMean);
    c.update('running_var', runningVar);
    return y;
  });
}

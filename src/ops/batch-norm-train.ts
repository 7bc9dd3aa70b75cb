import { isStatic, staticSize, type Value } from '../ir/index.js';
import { required } from './attributes.js';
import { defineOp } from './define.js';
import type { BatchNormAttrs, Emitter } from './emitter.js';
import { alongChannels, channelsOf, expectManyValues, statisticsAxes } from './norm-shape.js';

/**
 * Batch normalisation with the batch's own statistics: (x [N,C,...], scale, bias, running mean, running var, each [C])
 * -> y, mean, 1 / sqrt(var + eps), next running mean, next running var. As in PyTorch the biased variance (divisor n)
 * normalises and the unbiased one (n - 1) enters the running variance. Throws ShapeError for one value a channel.
 */
export const batchNormTrain = defineOp<5, BatchNormAttrs>({
  name: 'BatchNormTrain',
  source: 'https://arxiv.org/abs/1502.03167',
  arity: 5,
  attributes: { momentum: required(), eps: required() },
  infer([x, ...perChannel]) {
    const stats = { dtype: x.dtype, shape: [channelsOf('BatchNormTrain', x, ...perChannel)] };
    expectManyValues('BatchNormTrain', x);
    return [{ dtype: x.dtype, shape: x.shape }, stats, stats, stats, stats];
  },
  gradient({ b, x: [x, scale], outputs: [, mean, invStd], dy }) {
    return mean === undefined || invStd === undefined ? [] : b.batchNormGrad(x, mean, invStd, scale, dy);
  },
  // Two passes: E[(x - E[x])^2] keeps the digits that E[x^2] - E[x]^2 loses where the mean is large.
  expand({ b, x: [x, scale, bias, runningMean, runningVar], attrs: { momentum, eps } }) {
    const axes = statisticsAxes(x);
    const mean = b.reduceMean(x, axes, true, 'mean');
    const centred = b.sub(x, mean, 'centred');
    const variance = b.reduceMean(b.mul(centred, centred), axes, true, 'var');
    const invStd = b.reciprocal(b.sqrt(b.add(variance, eps)), 'inv_std');
    const factor = b.mul(invStd, alongChannels(b, scale, x));
    const y = b.add(b.mul(centred, factor), alongChannels(b, bias, x));
    const vector = (value: Value): Value => b.reshape(value, scale.shape);
    const moved = (running: Value, batch: Value, name: string): Value =>
      b.add(b.mul(running, 1 - momentum), b.mul(vector(batch), momentum), name);
    return [
      y,
      vector(mean),
      vector(invStd),
      moved(runningMean, mean, 'running_mean'),
      moved(runningVar, b.mul(variance, unbiased(b, x, axes)), 'running_var'),
    ];
  },
});

/** n / (n - 1) for n values a channel; computed at run time where the batch is not known. */
function unbiased(b: Emitter, x: Value, axes: readonly number[]): Value | number {
  const counted = x.shape.filter((_, axis) => axis !== 1);
  if (isStatic(counted)) {
    const n = staticSize(counted);
    return n / (n - 1);
  }
  const n = b.count(x, axes);
  return b.div(n, b.sub(n, 1), 'unbiased');
}

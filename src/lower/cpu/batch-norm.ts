import type { Node, Value } from '../../ir/index.js';
import type { BatchNormAttrs } from '../../ops/index.js';
import type { Context } from './context.js';
import { affine } from './depthwise.js';
import type { Factored, Forms } from './forms.js';
import { dims4 } from '../rewrite/dims.js';
import { Pending, type Shifted } from './pending.js';
import { channelMean, meanProduct } from './reduce.js';

/** Number of values in a channel. */
function countOf(x: Value): number {
  const [n, , h, w] = dims4(x);
  return n * h * w;
}

/** Under which key the forward pass leaves the image for the gradient. */
const imageKey = (x: Value): string => `${x.name} shifted`;

/**
 * x without a number near the mean of each channel, so that E[x^2] - E[x]^2 loses no digits: with d deviations between the
 * two it loses as many as 1 + d^2 has. Where x is a convolution that nobody else needs, the mean of a few of its pixels is
 * as good as free and goes into its bias: d is a quarter or so, be the mean 10,000 deviations. (The running mean would cost
 * nothing at all, but is 0 in the first step and says nothing about this batch.) Elsewhere the batch's own mean is
 * subtracted, in one more pass over x.
 */
function shifted({ f, users }: Context, node: Node, x: Value): Shifted {
  const isOurs = (user: Node): boolean =>
    user === node || (user.op.name === 'BatchNormGrad' && user.inputs[0] === x);
  const isAlone = (users.get(x) ?? []).every(isOurs);
  const { b } = f;
  const made = isAlone ? f.pending(x)?.emitShifted((shift) => b.neg(shift)) : undefined;
  const { image, shift } = made ?? centred(f, f.blocked(x));
  return { image: f.once(imageKey(x), () => image), shift };
}

/** x without its mean. */
function centred(f: Forms, x: Value): Shifted {
  const shift = channelMean(f, x);
  const data = new Float32Array(Number(shift.shape[0])).fill(1);
  const one = f.b.constant({ dtype: 'float32', shape: [data.length], data }, 'ones');
  return { image: affine(f, x, one, f.b.neg(shift)), shift };
}

/**
 * Batch normalisation in training on blocked x, in three passes: x, its square, and the affine map, into which an addition
 * and a ReLU after it go.
 */
export function batchNormTrain(context: Context, node: Node): Pending {
  const [x, scale, bias, runningMean, runningVar] = node.inputs;
  const [, meanOut, invStdOut, nextMean, nextVar] = node.outputs;
  if (
    x === undefined ||
    scale === undefined ||
    bias === undefined ||
    runningMean === undefined ||
    runningVar === undefined
  ) {
    throw new Error(`${node.name} lacks operands`);
  }
  const { b, f } = context;
  const { momentum, eps } = node.attrs as unknown as BatchNormAttrs;
  const { image, shift } = shifted(context, node, x);
  const mean = channelMean(f, image);
  const n = countOf(image);
  const square = meanProduct(f, image, image);
  // Rounding may leave less than nothing of a constant channel.
  const variance = b.max(b.sub(square, b.mul(mean, mean)), 0, 'var');
  const invStd = b.reciprocal(b.sqrt(b.add(variance, eps)), 'inv_std');
  const total = b.add(shift, mean, 'mean');
  if (meanOut !== undefined) f.set(meanOut, { vector: total });
  if (invStdOut !== undefined) f.set(invStdOut, { vector: invStd });
  const moving = [
    [nextMean, runningMean, total, momentum],
    [nextVar, runningVar, variance, (momentum * n) / (n - 1)],
  ] as const;
  for (const [output, running, now, share] of moving) {
    if (output !== undefined) f.set(output, { moved: { running, now, keep: 1 - momentum, share } });
  }
  const factor = b.mul(invStd, f.vector(scale), 'factor');
  const offset = b.sub(f.vector(bias), b.mul(mean, factor), 'offset');
  return mapped(f, image, factor, offset);
}

/**
 * Gradient of batch normalisation on blocked tensors: with the image z and its mean m, a = E[dy] and
 * u = (E[dy z] - a m) / std over a channel's n values
 *
 *     dbias = n a,  dscale = n u,  dx = scale / std (dy - a - (z - m) u / std)
 *
 * What is in the brackets is an affine map of z added to dy, one pass; the factor before them is left to the caller.
 */
export function batchNormGrad(f: Forms, node: Node): Factored {
  const [x, , invStd, scale, dy] = node.inputs;
  const [, dscaleOut, dbiasOut] = node.outputs;
  if (x === undefined || invStd === undefined || scale === undefined || dy === undefined) {
    throw new Error(`${node.name} lacks operands`);
  }
  const { b } = f;
  const image = f.once(imageKey(x), () => f.blocked(x));
  const mean = channelMean(f, image);
  const arriving = f.blocked(dy);
  const n = countOf(image);
  const inverse = f.vector(invStd);
  const a = channelMean(f, arriving);
  const product = meanProduct(f, arriving, image);
  const u = b.mul(b.sub(product, b.mul(a, mean)), inverse);
  if (dscaleOut !== undefined) f.set(dscaleOut, { vector: b.mul(u, n, 'dscale') });
  if (dbiasOut !== undefined) f.set(dbiasOut, { vector: b.mul(a, n, 'dbias') });
  const factor = b.mul(f.vector(scale), inverse, 'factor');
  const slope = b.neg(b.mul(inverse, u));
  const offset = b.neg(b.add(a, b.mul(slope, mean)));
  return { image: affine(f, image, slope, offset, arriving), factor };
}

/** Batch normalisation with given statistics on blocked x: one affine map, into which an addition and a ReLU go. */
export function batchNormGiven(f: Forms, node: Node): Pending {
  const [x, scale, bias, mean, variance] = node.inputs;
  if (
    x === undefined ||
    scale === undefined ||
    bias === undefined ||
    mean === undefined ||
    variance === undefined
  ) {
    throw new Error(`${node.name} lacks operands`);
  }
  const { b } = f;
  const epsilon = Number(node.attrs['epsilon']);
  const factor = b.div(f.vector(scale), b.sqrt(b.add(f.vector(variance), epsilon)), 'factor');
  const offset = b.sub(f.vector(bias), b.mul(f.vector(mean), factor), 'offset');
  return mapped(f, f.blocked(x), factor, offset);
}

/** x factor + offset, into which another image and a ReLU go. */
function mapped(f: Forms, x: Value, factor: Value, offset: Value): Pending {
  return new Pending({
    make({ sum, relu, offset: more }) {
      return affine(f, x, factor, more === undefined ? offset : f.b.add(offset, more), sum, relu);
    },
  });
}

/** x times a number for each channel. */
export function scaled(f: Forms, x: Value, factor: Value): Value {
  return affine(f, f.blocked(x), f.vector(factor), undefined);
}

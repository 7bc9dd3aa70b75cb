import type { Node, Value } from '../../ir/index.js';
import type { BatchNormAttrs } from '../../ops/norm-shape.js';
import type { Context } from './context.js';
import { affine } from './depthwise.js';
import type { Factored, Forms, Pending } from './forms.js';
import { dims4 } from '../shared/dims.js';
import { channelMean, meanProduct } from './reduce.js';

/** Number of values in a channel. */
function countOf(x: Value): number {
  const [n, , h, w] = dims4(x);
  return n * h * w;
}

/** Under which key the forward pass leaves the image for the gradient. */
const imageKey = (x: Value): string => `${x.name} shifted`;

/**
 * x minus the running mean, and that mean: it costs nothing as the bias of the convolution that makes x. The variance may
 * then come from E[x^2] - E[x]^2 without losing digits, and no pass goes into subtracting the batch's mean. Where x is not
 * made by such a convolution, or somebody else needs it, the batch's mean is subtracted.
 */
function shifted(
  { f, users }: Context,
  node: Node,
  x: Value,
  runningMean: Value,
): { readonly image: Value; readonly shift: Value } {
  const pending = f.pending(x);
  const isOurs = (user: Node): boolean =>
    user === node || (user.op.name === 'BatchNormGrad' && user.inputs[0] === x);
  const isAlone = (users.get(x) ?? []).every(isOurs);
  const { b } = f;
  if (pending?.takesOffset === true && isAlone) {
    const shift = f.vector(runningMean);
    return { image: f.once(imageKey(x), () => pending.emit({ offset: b.neg(shift) })), shift };
  }
  const whole = f.blocked(x);
  const shift = channelMean(f, whole);
  const data = new Float32Array(Number(shift.shape[0])).fill(1);
  const one = b.constant({ dtype: 'float32', shape: [data.length], data }, 'ones');
  return { image: f.once(imageKey(x), () => affine(f, whole, one, b.neg(shift))), shift };
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
  const { image, shift } = shifted(context, node, x, runningMean);
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
  return { emit: ({ sum, relu = false }) => affine(f, image, factor, offset, sum, relu) };
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
  return { emit: ({ sum, relu = false }) => affine(f, f.blocked(x), factor, offset, sum, relu) };
}

/** x times a number for each channel. */
export function scaled(f: Forms, x: Value, factor: Value): Value {
  return affine(f, f.blocked(x), f.vector(factor), undefined);
}

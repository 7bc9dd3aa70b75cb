import type { Node, Value } from '../../ir/index.js';
import type { BatchNormAttrs, Builder } from '../../ops/index.js';
import { dims4 } from './dims.js';
import { operands } from './operands.js';
import type { Moved } from './running.js';

/** An image whose channels are mapped by vectors [C]: x factor + offset + sum. */
export interface Affine {
  readonly x: Value;
  readonly factor: Value;
  readonly offset: Value;
  /** Another image. */
  readonly sum?: Value;
}

/**
 * x less a number for each channel, `shift`, so near its mean that E[z^2] - E[z]^2 of what is left, z, loses no digits: with
 * d deviations between the two it loses as many as 1 + d^2 has.
 */
export interface Shifted {
  readonly z: Value;
  readonly shift: Value;
}

/** How a target reduces images over N, H and W to vectors [C], and where such vectors lie. */
export interface NormTarget {
  readonly b: Builder;
  /** A value of the portable graph, as the target's images lie. */
  image(value: Value): Value;
  /** A vector of the portable graph. */
  vector(value: Value): Value;
  /** Records a vector, or one that is still to be moved, as a value of the portable graph. */
  give(value: Value, form: { readonly vector: Value } | { readonly moved: Moved }): void;
  shifted(x: Value): Shifted;
  /** The same z as in the forward pass, which had this mean. */
  shiftedAgain(x: Value, mean: Value): Value;
  /** E[x]; undefined where x is `shifted` by its mean, so that it is zero. */
  shiftedMean(z: Value): Value | undefined;
  mean(x: Value): Value;
  /** E[x y]. */
  meanProduct(x: Value, y: Value): Value;
}

/** Number of values in a channel. */
function countOf(x: Value): number {
  const [n, , h, w] = dims4(x);
  return n * h * w;
}

/**
 * Batch normalisation in training, y = (x - mean) / std scale + bias, as a map of z, of which m is the mean. Gives all vectors
 * that the operator has; y is left to the caller.
 */
export function batchNormTrain(target: NormTarget, node: Node): Affine {
  const [x, scale, bias, runningMean, runningVar] = operands(node, 5);
  const [, meanOut, invStdOut, nextMean, nextVar] = node.outputs;
  const { momentum, eps } = node.attrs as unknown as BatchNormAttrs;
  const { b } = target;
  const { z, shift } = target.shifted(x);
  const m = target.shiftedMean(z);
  const square = target.meanProduct(z, z);
  // Rounding may leave less than nothing of a constant channel.
  const variance = m === undefined ? square : b.max(b.sub(square, b.mul(m, m)), 0, 'var');
  const invStd = b.reciprocal(b.sqrt(b.add(variance, eps)), 'inv_std');
  const mean = m === undefined ? shift : b.add(shift, m, 'mean');
  const n = countOf(x);
  if (meanOut !== undefined) target.give(meanOut, { vector: mean });
  if (invStdOut !== undefined) target.give(invStdOut, { vector: invStd });
  // The running variance is the unbiased one.
  const moving = [
    [nextMean, runningMean, mean, momentum],
    [nextVar, runningVar, variance, (momentum * n) / (n - 1)],
  ] as const;
  for (const [output, running, now, share] of moving) {
    if (output !== undefined) target.give(output, { moved: { running, now, keep: 1 - momentum, share } });
  }
  const factor = b.mul(invStd, target.vector(scale), 'factor');
  const own = target.vector(bias);
  return { x: z, factor, offset: m === undefined ? own : b.sub(own, b.mul(m, factor), 'offset') };
}

/**
 * Its gradient. With z and m as above, a = E[dy] and u = (E[dy z] - a m) / std over a channel's n values
 *
 *     dbias = n a,  dscale = n u,  dx = scale / std (dy - a - (z - m) u / std)
 *
 * What is in the brackets is an affine map of z added to dy; the factor before them, [C], is left to the caller.
 */
export function batchNormGrad(
  target: NormTarget,
  node: Node,
): { readonly inner: Affine; readonly factor: Value } {
  const [x, mean, invStd, scale, dy] = operands(node, 5);
  const [, dscale, dbias] = node.outputs;
  const { b } = target;
  const z = target.shiftedAgain(x, mean);
  const m = target.shiftedMean(z);
  const arriving = target.image(dy);
  const n = countOf(x);
  const inverse = target.vector(invStd);
  const a = target.mean(arriving);
  const product = target.meanProduct(arriving, z);
  const u = b.mul(m === undefined ? product : b.sub(product, b.mul(a, m)), inverse);
  if (dscale !== undefined) target.give(dscale, { vector: b.mul(u, n, 'dscale') });
  if (dbias !== undefined) target.give(dbias, { vector: b.mul(a, n, 'dbias') });
  const factor = b.mul(target.vector(scale), inverse, 'factor');
  const slope = b.neg(b.mul(inverse, u));
  const offset = b.neg(m === undefined ? a : b.add(a, b.mul(slope, m)));
  return { inner: { x: z, factor: slope, offset, sum: arriving }, factor };
}

/** Batch normalisation with given statistics: x scale / std + (bias - mean scale / std). */
export function batchNormGiven(target: NormTarget, node: Node): Affine {
  const [x, scale, bias, mean, variance] = operands(node, 5);
  const { b } = target;
  const std = b.sqrt(b.add(target.vector(variance), Number(node.attrs['epsilon'])));
  const factor = b.div(target.vector(scale), std, 'factor');
  const offset = b.sub(target.vector(bias), b.mul(target.vector(mean), factor), 'offset');
  return { x: target.image(x), factor, offset };
}

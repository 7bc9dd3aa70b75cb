import type { Node, Value } from '../../ir/index.js';
import type { BatchNormAttrs } from '../../ops/index.js';
import { dims4 } from '../rewrite/dims.js';
import type { Forms } from './forms.js';
import { channelSum } from './reduce.js';

/** A running statistic after the step, keep running + share now, while all of them may yet be moved at once. */
export interface Moved {
  /** Of the portable graph. */
  readonly running: Value;
  /** Of this batch, [C]. */
  readonly now: Value;
  readonly keep: number;
  readonly share: number;
}

/** Results of batch normalisation in training: the image, and the vectors [C] that the portable operator gives. */
export interface NormResults {
  readonly y: Value;
  readonly mean: Value;
  readonly invStd: Value;
  readonly runningMean: Moved;
  readonly runningVar: Moved;
}

/** Under which key the forward pass leaves x - mean for the gradient. */
const centredKey = (x: Value): string => `${x.name} centred`;

function operandsOf(node: Node): readonly [Value, Value, Value, Value, Value] {
  const [x, a, b, c, d] = node.inputs;
  if (x === undefined || a === undefined || b === undefined || c === undefined || d === undefined) {
    throw new Error(`${node.name} lacks operands`);
  }
  return [x, a, b, c, d];
}

/** Batch normalisation with the batch's own statistics, in two passes as the portable form. */
export function batchNormTrain(f: Forms, node: Node): NormResults {
  const { b } = f;
  const [x, scale, bias, runningMean, runningVar] = operandsOf(node);
  const { momentum, eps } = node.attrs as unknown as BatchNormAttrs;
  const image = f.image(x);
  const [n, h, w] = dims4(image);
  const count = n * h * w;
  const mean = b.div(channelSum(f, image), count, 'mean');
  const centred = f.once(centredKey(x), () => b.sub(image, mean, 'centred'));
  const variance = b.div(channelSum(f, b.mul(centred, centred)), count, 'var');
  const invStd = b.reciprocal(b.sqrt(b.add(variance, eps)), 'inv_std');
  const factor = b.mul(invStd, f.plain(scale), 'factor');
  const moved = (running: Value, now: Value, share: number): Moved => ({
    running,
    now,
    keep: 1 - momentum,
    share,
  });
  return {
    y: b.add(b.mul(centred, factor), f.plain(bias), 'batch_norm'),
    mean,
    invStd,
    runningMean: moved(runningMean, mean, momentum),
    runningVar: moved(runningVar, variance, (momentum * count) / (count - 1)),
  };
}

/**
 * Its gradient. With z = x - mean, n values a channel, a = sum dy / n and u = sum dy z / (std n)
 *
 *     dbias = n a,  dscale = n u,  dx = scale / std (dy - a - z u / std)
 */
export function batchNormGrad(
  f: Forms,
  node: Node,
): { readonly dx: Value; readonly dscale: Value; readonly dbias: Value } {
  const { b } = f;
  const [x, mean, invStd, scale, dy] = operandsOf(node);
  const image = f.image(x);
  const [n, h, w] = dims4(image);
  const count = n * h * w;
  const centred = f.once(centredKey(x), () => b.sub(image, f.plain(mean), 'centred'));
  const arriving = f.image(dy);
  const inverse = f.plain(invStd);
  const dbias = channelSum(f, arriving, 'dbias');
  const dscale = b.mul(channelSum(f, b.mul(arriving, centred)), inverse, 'dscale');
  const factor = b.mul(inverse, f.plain(scale), 'factor');
  const slope = b.mul(b.mul(b.mul(factor, inverse), dscale), 1 / count, 'slope');
  const offset = b.mul(b.mul(factor, dbias), 1 / count, 'offset');
  const dx = b.sub(b.sub(b.mul(arriving, factor), b.mul(centred, slope)), offset, 'batch_norm_grad');
  return { dx, dscale, dbias };
}

/** Batch normalisation with given statistics: x scale / std + (bias - mean scale / std). */
export function batchNormGiven(f: Forms, node: Node): Value {
  const { b } = f;
  const [x, scale, bias, mean, variance] = operandsOf(node);
  const std = b.sqrt(b.add(f.plain(variance), Number(node.attrs['epsilon'])));
  const factor = b.div(f.plain(scale), std, 'factor');
  const offset = b.sub(f.plain(bias), b.mul(f.plain(mean), factor), 'offset');
  return b.add(b.mul(f.image(x), factor), offset, 'batch_norm');
}

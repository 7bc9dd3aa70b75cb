import type { Node, Value } from '../../ir/index.js';
import type { BatchNormAttrs } from '../../ops/index.js';
import type { Context } from './context.js';
import { dims4 } from '../rewrite/dims.js';
import type { Forms } from './forms.js';

/**
 * Mean of each channel over batch and pixels: [H,W,C,N] -> [C]. Over the rows first: ONNX Runtime adds the runs of one
 * channel one after the other, and what H W of them lose shows where the mean is many deviations.
 */
function channelMean({ b }: Forms, x: Value, name: string): Value {
  const [h, w, c, n] = dims4(x);
  const lines = b.reduceMean(b.reshape(x, [h, w * c * n]), [0], false, 'row_mean');
  return b.reduceMean(b.reshape(lines, [w, c, n]), [0, 2], false, name);
}

/** [C] -> [C,1], which broadcasts against pixels. */
function alongPixels({ b }: Forms, vector: Value): Value {
  return b.reshape(vector, [Number(vector.shape[0]), 1]);
}

/** x minus its mean, which the gradient wants again. */
function centred(f: Forms, x: Value, mean: Value): Value {
  return f.once(`${x.name} centred`, () => f.b.sub(x, alongPixels(f, mean), 'centred'));
}

/** Batch normalisation in training, pixel by pixel; sets all outputs of the node. */
export function batchNormTrain({ f, b }: Context, node: Node): void {
  const [x, scale, bias, runningMean, runningVar] = operands(node);
  const { momentum, eps } = node.attrs as unknown as BatchNormAttrs;
  const pixels = f.pixels(x);
  const [h, w, , n] = dims4(pixels);
  const count = h * w * n;
  const mean = channelMean(f, pixels, 'mean');
  const image = centred(f, pixels, mean);
  // The mean of squares of what is centred keeps the digits that E[x^2] - E[x]^2 loses where the mean is large.
  const variance = channelMean(f, b.mul(image, image), 'var');
  const invStd = b.reciprocal(b.sqrt(b.add(variance, eps)), 'inv_std');
  const factor = b.mul(invStd, f.plain(scale), 'factor');
  const scaled = b.mul(image, alongPixels(f, factor), 'scaled');
  const moved = (running: Value, now: Value, share: number, name: string): Value =>
    b.add(b.mul(f.plain(running), 1 - momentum), b.mul(now, share), name);
  const [y, meanOut, invStdOut, nextMean, nextVar] = node.outputs;
  if (y !== undefined) f.set(y, { pixels: b.add(scaled, alongPixels(f, f.plain(bias)), 'normalised') });
  if (meanOut !== undefined) f.set(meanOut, { plain: mean });
  if (invStdOut !== undefined) f.set(invStdOut, { plain: invStd });
  if (nextMean !== undefined) f.set(nextMean, { plain: moved(runningMean, mean, momentum, 'running_mean') });
  if (nextVar !== undefined) {
    const share = (momentum * count) / (count - 1);
    f.set(nextVar, { plain: moved(runningVar, variance, share, 'running_var') });
  }
}

/**
 * Gradients of batch normalisation. With the centred image z, a = E[dy] and u = E[dy z] over a channel's n values
 *
 *     dbias = n a,  dscale = n u / std,  dx = scale / std (dy - a - z u / std^2)
 */
export function batchNormGrad({ f, b }: Context, node: Node): void {
  const [x, mean, invStd, scale, dy] = operands(node);
  const [dx, dscale, dbias] = node.outputs;
  const image = centred(f, f.pixels(x), f.plain(mean));
  const arriving = f.pixels(dy);
  const [h, w, , n] = dims4(arriving);
  const count = h * w * n;
  const inverse = f.plain(invStd);
  const a = channelMean(f, arriving, 'mean_grad');
  const u = b.mul(channelMean(f, b.mul(arriving, image), 'mean_product'), inverse);
  if (dscale !== undefined) f.set(dscale, { plain: b.mul(u, count, 'dscale') });
  if (dbias !== undefined) f.set(dbias, { plain: b.mul(a, count, 'dbias') });
  if (dx === undefined) return;
  const factor = b.mul(f.plain(scale), inverse, 'factor');
  const slope = b.mul(b.mul(factor, inverse), u, 'slope');
  const whole = b.sub(
    b.mul(arriving, alongPixels(f, factor)),
    b.add(b.mul(image, alongPixels(f, slope)), alongPixels(f, b.mul(factor, a))),
    'dx',
  );
  f.set(dx, { pixels: whole });
}

/** Batch normalisation with given statistics: one multiplication and one addition. */
export function batchNormGiven({ f, b }: Context, node: Node): Value {
  const [x, scale, bias, mean, variance] = operands(node);
  const epsilon = Number(node.attrs['epsilon']);
  const factor = b.div(f.plain(scale), b.sqrt(b.add(f.plain(variance), epsilon)), 'factor');
  const offset = b.sub(f.plain(bias), b.mul(f.plain(mean), factor), 'offset');
  return b.add(b.mul(f.pixels(x), alongPixels(f, factor)), alongPixels(f, offset), 'normalised');
}

function operands({
  name,
  inputs: [x, second, third, fourth, fifth],
}: Node): readonly [Value, Value, Value, Value, Value] {
  if (
    x === undefined ||
    second === undefined ||
    third === undefined ||
    fourth === undefined ||
    fifth === undefined
  ) {
    throw new Error(`${name} lacks operands`);
  }
  return [x, second, third, fourth, fifth];
}

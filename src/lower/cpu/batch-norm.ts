import type { Node, Value } from '../../ir/index.js';
import type { BatchNormAttrs } from '../../ops/norm-shape.js';
import { blockedConv } from './blocked-ops.js';
import type { Forms, Pending } from './forms.js';
import { dims4 } from './layout.js';
import { channelSum } from './reduce.js';

/**
 * relu(x scale + offset + sum), scale and offset per channel: a depthwise 1x1 convolution, one pass over memory. (ONNX's
 * broadcasting would go through a blocked tensor in runs of 16 numbers.)
 */
function affine(
  f: Forms,
  x: Value,
  scale: Value,
  offset: Value | undefined,
  sum?: Value,
  relu = false,
): Value {
  const [, c] = dims4(x);
  const attrs = {
    kernel_shape: [1, 1],
    strides: [1, 1],
    dilations: [1, 1],
    pads: [0, 0, 0, 0],
    group: c,
    ...(relu ? { activation: 'Relu' } : {}),
  };
  return f.b.emit(blockedConv, [x, f.b.reshape(scale, [c, 1, 1, 1]), offset, sum], attrs, 'affine');
}

/** x - mean on blocked x; the forward pass and the gradient share it. */
function centred(f: Forms, x: Value, mean: Value): Value {
  return f.once(`${x.name} centred`, () => {
    const ones = f.b.constant(
      {
        dtype: 'float32',
        shape: mean.shape.map(Number),
        data: new Float32Array(Number(mean.shape[0])).fill(1),
      },
      'ones',
    );
    return affine(f, x, ones, f.b.neg(mean));
  });
}

/** Number of values in a channel. */
function countOf(x: Value): number {
  const [n, , h, w] = dims4(x);
  return n * h * w;
}

/**
 * Batch normalisation in training on blocked x, in five passes: sum, x - mean, square, sum, and the affine map, into which
 * an addition and a ReLU after it go. The variance comes from x - mean, as in the portable form.
 */
export function batchNormTrain(f: Forms, node: Node): Pending {
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
  const { b } = f;
  const { momentum, eps } = node.attrs as unknown as BatchNormAttrs;
  const image = f.blocked(x);
  const n = countOf(x);
  const mean = b.mul(channelSum(f, image), 1 / n, 'mean');
  const middle = centred(f, image, mean);
  const variance = b.mul(channelSum(f, b.mul(middle, middle)), 1 / n, 'var');
  const invStd = b.reciprocal(b.sqrt(b.add(variance, eps)), 'inv_std');
  const vectors = [
    [meanOut, mean],
    [invStdOut, invStd],
    [nextMean, b.add(b.mul(f.vector(runningMean), 1 - momentum), b.mul(mean, momentum), 'running_mean')],
    [
      nextVar,
      b.add(
        b.mul(f.vector(runningVar), 1 - momentum),
        b.mul(variance, (momentum * n) / (n - 1)),
        'running_var',
      ),
    ],
  ] as const;
  for (const [output, vector] of vectors) if (output !== undefined) f.set(output, { vector });
  const factor = b.mul(invStd, f.vector(scale), 'factor');
  const offset = f.vector(bias);
  return { emit: ({ sum, relu = false }) => affine(f, middle, factor, offset, sum, relu) };
}

/**
 * Gradient of batch normalisation on blocked tensors: with c = x - mean and the sums over a channel's n values
 *
 *     dbias = sum dy,  dscale = sum (dy c) / std,  dx = scale / std (dy - dbias / n - c dscale / (n std))
 *
 * dx is an affine map of c, added to one of dy.
 */
export function batchNormGrad(f: Forms, node: Node): Value {
  const [x, mean, invStd, scale, dy] = node.inputs;
  const [, dscaleOut, dbiasOut] = node.outputs;
  if (
    x === undefined ||
    mean === undefined ||
    invStd === undefined ||
    scale === undefined ||
    dy === undefined
  ) {
    throw new Error(`${node.name} lacks operands`);
  }
  const { b } = f;
  const n = countOf(x);
  const middle = centred(f, f.blocked(x), f.vector(mean));
  const arriving = f.blocked(dy);
  const inverse = f.vector(invStd);
  const dbias = channelSum(f, arriving);
  const dscale = b.mul(channelSum(f, b.mul(arriving, middle)), inverse, 'dscale');
  if (dscaleOut !== undefined) f.set(dscaleOut, { vector: dscale });
  if (dbiasOut !== undefined) f.set(dbiasOut, { vector: dbias });
  const factor = b.mul(f.vector(scale), inverse, 'factor');
  const slope = b.mul(b.mul(b.mul(factor, inverse), dscale), -1 / n);
  const offset = b.mul(b.mul(factor, dbias), -1 / n);
  return affine(f, arriving, factor, undefined, affine(f, middle, slope, offset));
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

import { ShapeError } from '../errors.js';
import { formatType, mulDims, type Value } from '../ir/index.js';
import { required } from './attributes.js';
import { convRules, windowCount, type ConvAttrs } from './conv-shape.js';
import { defineOp } from './define.js';
import { nchw, sameDim, sameDType } from './expect.js';
import type { Emitter } from './emitter.js';

/**
 * Gradient of a convolution's weight: x [N,C,H,W], dy [N,K,OH,OW] -> dw [K,C/group,kh,kw]. In standard operators it
 * is a convolution of x with dy, the batch in place of the channels, stride and dilation swapped.
 */
export const convWeightGrad = defineOp<2, ConvAttrs>({
  name: 'ConvWeightGrad',
  source: 'https://arxiv.org/abs/1603.07285',
  arity: 2,
  attributes: { ...convRules, kernel_shape: required() },
  infer([x, dy], attrs) {
    sameDType('ConvWeightGrad', x, dy);
    const [n, c, h, w] = nchw('ConvWeightGrad', x);
    const [m, k, oh, ow] = nchw('ConvWeightGrad', dy);
    const fits =
      windowCount('ConvWeightGrad', h, 0, attrs) === oh && windowCount('ConvWeightGrad', w, 1, attrs) === ow;
    if (!sameDim(n, m) || !fits || c % attrs.group !== 0 || k % attrs.group !== 0) {
      throw new ShapeError(`ConvWeightGrad: ${formatType(x)} and ${formatType(dy)} do not fit`);
    }
    return [k, c / attrs.group, ...attrs.kernel_shape];
  },
  // Linear in both: with u the gradient that arrives, dx = the input gradient of conv(., u) and d(dy) = conv(x, u).
  gradient({ b, x: [x, dy], dy: u, attrs }) {
    const [, , h, w] = nchw('ConvWeightGrad', x);
    return [b.convInputGrad(dy, u, [h, w], attrs), b.conv(x, u, undefined, attrs)];
  },
  expand({ b, x: [x, dy], attrs }) {
    const { group, kernel_shape, strides, dilations, pads } = attrs;
    const [, , oh, ow] = nchw('ConvWeightGrad', dy);
    const swapped = b.conv(batchToChannels(b, x, group), b.transpose(dy, [1, 0, 2, 3]), undefined, {
      kernel_shape: [oh, ow],
      strides: dilations,
      dilations: strides,
      pads,
      group,
    });
    // Where the stride left rows over, the kernel comes out larger than it was.
    const [, , rows, columns] = nchw('ConvWeightGrad', swapped);
    const [kh, kw] = kernel_shape;
    const exact =
      rows === kh && columns === kw
        ? swapped
        : b.slice(swapped, { axes: [2, 3], starts: [0, 0], ends: [kh, kw] });
    return [b.transpose(exact, [1, 0, 2, 3])];
  },
});

/** [N, G*C, H, W] -> [C, G*N, H, W]: the channels become the batch, the batch the channels of each group. */
function batchToChannels(b: Emitter, x: Value, group: number): Value {
  if (group === 1) return b.transpose(x, [1, 0, 2, 3]);
  const [n, channels, h, w] = nchw('ConvWeightGrad', x);
  const c = channels / group;
  const split = b.transpose(b.reshape(x, [n, group, c, h, w]), [2, 1, 0, 3, 4]);
  return b.reshape(split, [c, mulDims(group, n), h, w]);
}

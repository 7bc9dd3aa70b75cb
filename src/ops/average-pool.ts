import { tensorOf, mulDims, type Value } from '../ir/index.js';
import { filled, only } from './attributes.js';
import type { ConvAttrs } from './conv-shape.js';
import { defineOp } from './define.js';
import { nchw } from './expect.js';
import type { Emitter } from './emitter.js';
import { coveredPads, poolRules, pooledShape, settlePool, type PoolAttrs } from './pool-shape.js';

/** A pooling window; `count_include_pad` 1 divides by the kernel's size at the border too, as PyTorch does. */
export interface AveragePoolAttrs extends PoolAttrs {
  readonly count_include_pad: 0 | 1;
}

/** Mean of each window: x [N,C,H,W] -> [N,C,OH,OW]. */
export const averagePool = defineOp<1, AveragePoolAttrs>({
  name: 'AveragePool',
  arity: 1,
  attributes: {
    ...poolRules,
    count_include_pad: filled(0, { among: [0, 1] }),
    // Neither operator set 18 nor PyTorch has others.
    dilations: only([1, 1]),
  },
  settle: (attrs, inputs) => settlePool('AveragePool', attrs, inputs),
  infer: ([x], attrs) => pooledShape('AveragePool', x, attrs),
  // It is a convolution with equal weights, one channel at a time: dx is that convolution's input gradient.
  gradient({ b, x: [x], dy, attrs }) {
    const [n, c, h, w] = nchw('AveragePool', x);
    const [, , oh, ow] = nchw('AveragePool', dy);
    const { kernel_shape, strides } = attrs;
    const [kh, kw] = kernel_shape;
    const shares = b.mul(
      dy,
      b.constant(tensorOf(x.dtype, [1, 1, oh, ow], inverseCounts(attrs, [h, w], [oh, ow])), 'inv_count'),
    );
    const ones = b.constant(tensorOf(x.dtype, [1, 1, kh, kw], Array<number>(kh * kw).fill(1)), 'ones');
    const pads = coveredPads('AveragePool', x, attrs);
    const window: ConvAttrs = { kernel_shape, strides, pads, dilations: [1, 1], group: 1 };
    const planes = b.convInputGrad(asPlanes(b, shares), ones, [h, w], window);
    return [b.reshape(planes, [n, c, h, w])];
  },
});

/** [N,C,H,W] -> [N*C,1,H,W]. */
function asPlanes(b: Emitter, x: Value): Value {
  const [n, c, h, w] = nchw('AveragePool', x);
  return b.reshape(x, [mulDims(n, c), 1, h, w]);
}

/**
 * One over the number of pixels that each window divides by, row-major [OH,OW]. Padding counts as far as `pads` go, not
 * the pixels beyond them that a rounded-up window covers; as in PyTorch.
 */
export function inverseCounts(
  { kernel_shape, strides, pads, count_include_pad: counts }: AveragePoolAttrs,
  size: readonly [number, number],
  [oh, ow]: readonly [number, number],
): number[] {
  const inside = (at: number, axis: 0 | 1): number => {
    const start = at * strides[axis] - pads[axis];
    const end = counts === 1 ? size[axis] + pads[axis === 0 ? 2 : 3] : size[axis];
    return Math.min(start + kernel_shape[axis], end) - (counts === 1 ? start : Math.max(start, 0));
  };
  return Array.from({ length: oh * ow }, (_, i) => 1 / (inside(Math.floor(i / ow), 0) * inside(i % ow, 1)));
}

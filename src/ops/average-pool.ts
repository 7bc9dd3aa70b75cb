import { tensorOf, mulDims, staticSize, type Value } from '../ir/index.js';
import { windowCount, type ConvAttrs } from './conv-shape.js';
import { defineOp, nchw } from './define.js';
import type { Emitter } from './emitter.js';
import { pooledShape, type PoolAttrs } from './pool-shape.js';

/** A pooling window; `count_include_pad` 1 divides by the kernel's size at the border too, as PyTorch does. */
export interface AveragePoolAttrs extends PoolAttrs {
  readonly count_include_pad: 0 | 1;
}

/** Mean of each window: x [N,C,H,W] -> [N,C,OH,OW]. */
export const averagePool = defineOp<1, AveragePoolAttrs>({
  name: 'AveragePool',
  source: 'https://onnx.ai/onnx/operators/onnx__AveragePool.html',
  infer: ([x], attrs) => pooledShape('AveragePool', x, attrs),
  // It is a convolution with equal weights, one channel at a time: dx is that convolution's input gradient.
  gradient({ b, x: [x], dy, attrs }) {
    const [n, c, h, w] = nchw('AveragePool', x);
    const [, , oh, ow] = nchw('AveragePool', dy);
    const { kernel_shape, strides, pads } = attrs;
    const [kh, kw] = kernel_shape;
    const shares = b.mul(
      dy,
      b.constant(tensorOf(x.dtype, [1, 1, oh, ow], inverseCounts(attrs, h, w)), 'inv_count'),
    );
    const ones = b.constant(tensorOf(x.dtype, [1, 1, kh, kw], Array<number>(kh * kw).fill(1)), 'ones');
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

/** One over the number of pixels that each window divides by, row-major [OH,OW]. */
function inverseCounts(
  { kernel_shape, strides, pads, count_include_pad }: AveragePoolAttrs,
  h: number,
  w: number,
): number[] {
  const inside = (at: number, size: number, axis: 0 | 1): number => {
    const start = at * strides[axis] - pads[axis];
    return Math.min(start + kernel_shape[axis], size) - Math.max(start, 0);
  };
  const window = { kernel_shape, strides, pads, dilations: [1, 1] as const };
  const [oh, ow] = [windowCount('AveragePool', h, 0, window), windowCount('AveragePool', w, 1, window)];
  const full = staticSize(kernel_shape);
  return Array.from({ length: oh * ow }, (_, i) => {
    const count = inside(Math.floor(i / ow), h, 0) * inside(i % ow, w, 1);
    return 1 / (count_include_pad === 1 ? full : count);
  });
}

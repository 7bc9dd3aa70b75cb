import { convOperands } from '../rewrite/operands.js';
import { staticSize, type Node, type Value } from '../../ir/index.js';
import type { ConvAttrs } from '../../ops/index.js';
import { reorderInput, reorderOutput } from './blocked-ops.js';
import type { Forms } from './forms.js';
import { dims4 } from '../rewrite/dims.js';

/** Whether a convolution's kernel is one pixel, without padding: it is then a matrix product over pixels. */
export function isPointwise(node: Node): boolean {
  const { kernel_shape: kernel, pads } = node.attrs as unknown as ConvAttrs;
  return kernel.every((size) => size === 1) && pads.every((pad) => pad === 0);
}

/**
 * Gradient of a 1x1 convolution's weight as one matrix product over all pixels of the batch,
 *
 *     dw[k,c] = sum over n, p of x[n,c,s p] dy[n,k,p],
 *
 * x and dy with the channels last. The result [C', K'] in blocks of K is the weight's own blocked layout. Unlike the
 * convolution over the batch (weight-grad.ts) it does not care how many images there are.
 */
export function pointwiseWeightGrad(f: Forms, node: Node): Value {
  const { x, y: dy, attrs } = convOperands(node);
  const { b } = f;
  const pixels = byPixel(f, everyPixel(f, f.blocked(x), attrs.strides));
  const gradients = byPixel(f, f.blocked(dy));
  const [c, k] = [Number(pixels.shape[1]), Number(gradients.shape[1])];
  const product = b.gemm(pixels, gradients, undefined, { transA: true }, 'weight_grad');
  const rows = b.reshape(product, [1, c, 1, k]);
  const weight = b.emit(reorderInput, [rows], { channels_last: 1 }, 'weight');
  return b.reshape(weight, [k, c, 1, 1]);
}

/** Every s-th pixel of a blocked image, along both axes: all that a 1x1 convolution with such a stride reads. */
export function everyPixel(f: Forms, x: Value, [sh, sw]: readonly [number, number]): Value {
  if (sh * sw === 1) return x;
  return f.once(`${x.name} every ${sh} ${sw}`, () => {
    const { b, block } = f;
    const [n, c, h, w] = dims4(x);
    const lines = b.reshape(x, [(n * c) / block, h, w, block]);
    const kept = b.slice(lines, { axes: [1, 2], starts: [0, 0], ends: [h, w], steps: [sh, sw] }, 'every');
    return b.reshape(kept, [n, c, Math.ceil(h / sh), Math.ceil(w / sw)]);
  });
}

/** A blocked image as a row of channels for each pixel: [N H W, C']. */
function byPixel(f: Forms, x: Value): Value {
  return f.once(`${x.name} by pixel`, () => {
    const { b } = f;
    const [n, c, h, w] = dims4(x);
    const last = b.emit(reorderOutput, [x], { channels: c, channels_last: 1 }, 'by_pixel');
    return b.reshape(last, [staticSize([n, h, w]), c]);
  });
}

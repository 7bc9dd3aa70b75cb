import type { Value } from '../../ir/index.js';
import type { ConvAttrs } from '../../ops/index.js';
import { blockedConv } from './blocked-ops.js';
import type { Forms } from './forms.js';
import { dims4 } from '../rewrite/dims.js';
import { widened } from './widen.js';

/**
 * Gradient of a depthwise convolution's weight,
 *
 *     dw[c,i,j] = sum over n, p, q of x[n,c,s p + d i,s q + d j] dy[n,c,p,q],
 *
 * as a depthwise convolution of x whose kernel is all of dy, image by image, stride and dilation exchanged, and a sum over
 * the images: [C/b, kh, kw, b of C], the weight's own layout. x and dy are blocked.
 */
export function depthwiseWeightGrad(f: Forms, x: Value, dy: Value, attrs: ConvAttrs): Value {
  const { b, block } = f;
  const { kernel_shape, strides, dilations, pads } = attrs;
  const [n, c, h, w] = dims4(x);
  const [, , oh, ow] = dims4(dy);
  const [kh, kw] = kernel_shape;
  // How far the kernel's last tap reaches beyond the image.
  const beyond = (axis: 0 | 1, size: number, out: number): number =>
    (out - 1) * strides[axis] + (kernel_shape[axis] - 1) * dilations[axis] + 1 - size - pads[axis];
  const [below, right] = [Math.max(beyond(0, h, oh), 0), Math.max(beyond(1, w, ow), 0)];
  const wide = widened(f, x, pads[1], right);
  // Blocks of channels lie one after the other, and so do the images: [N,C',H,W] is also [1,N C',H,W] and [N C',1,H,W].
  const taps = b.emit(
    blockedConv,
    [b.reshape(wide, [1, n * c, h, w + pads[1] + right]), b.reshape(dy, [n * c, 1, oh, ow])],
    {
      kernel_shape: [oh, ow],
      strides: dilations,
      dilations: strides,
      pads: [pads[0], 0, below, 0],
      group: n * c,
    },
    'weight_grad',
  );
  const [, , rows, columns] = dims4(taps);
  const blocks = b.reshape(taps, [(n * c) / block, rows, columns, block]);
  const exact =
    rows === kh && columns === kw
      ? blocks
      : b.slice(blocks, { axes: [1, 2], starts: [0, 0], ends: [kh, kw] });
  return b.reshape(b.reduceSum(b.reshape(exact, [n, c * kh * kw]), [0]), [c, 1, kh, kw]);
}

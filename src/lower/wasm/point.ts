import type { Node, Value } from '../../ir/index.js';
import { dims4 } from '../rewrite/dims.js';
import { convOperands, type ConvOperands } from '../rewrite/operands.js';
import { liveAxes } from '../rewrite/taps.js';
import type { Context } from './context.js';
import type { Forms } from './forms.js';
import { spread } from './move.js';
import { fullKernel, liveKernel } from './patches.js';

/** A convolution of one tap: a matrix product for each pixel. */
export function pointConv({ f, b }: Context, node: Node): Value {
  const conv = convOperands(node);
  const x = everyPixel(f, conv);
  const [h, w, c, n] = dims4(x);
  const [k] = dims4(conv.w);
  const y = b.matMul(pointWeight(f, conv), b.reshape(x, [h * w, c, n]), 'point_conv');
  return f.biased(b.reshape(y, [h, w, k, n]), conv.bias);
}

/** Its input's gradient. */
export function pointInputGrad({ f, b }: Context, node: Node): Value {
  const conv = convOperands(node);
  const dy = f.hwcn(conv.y);
  const [oh, ow, k, n] = dims4(dy);
  const [, c, h, w] = dims4(conv.x);
  const weight = b.transpose(pointWeight(f, conv), [1, 0]);
  const part = b.reshape(b.matMul(weight, b.reshape(dy, [oh * ow, k, n]), 'point_grad'), [oh, ow, c, n]);
  const { strides } = conv.attrs;
  return strides.every((stride) => stride === 1)
    ? part
    : spread(b, part, { strides, first: [0, 0], size: [h, w] });
}

/** Its weight's gradient: one product over all pixels, for which both images lie channel by channel. */
export function pointWeightGrad({ f, b }: Context, node: Node): Value {
  const conv = convOperands(node);
  const x = everyPixel(f, conv);
  const [h, w, c, n] = dims4(x);
  const [k] = dims4(conv.w);
  const lines = (value: Value, channels: number): Value =>
    b.reshape(b.transpose(b.reshape(value, [h * w, channels, n]), [1, 0, 2]), [channels, h * w * n]);
  const dw = b.matMul(lines(f.hwcn(conv.y), k), b.transpose(lines(x, c), [1, 0]), 'point_weight_grad');
  return fullKernel(f, b.reshape(dw, [k, c, 1, 1]), conv);
}

/** The weight [K,C] of the one tap. */
function pointWeight(f: Forms, conv: ConvOperands): Value {
  const [k, c] = dims4(conv.w);
  return f.once(`${conv.w.name} as point`, () =>
    f.b.reshape(liveKernel(f, f.plain(conv.w), liveAxes(conv)), [k, c]),
  );
}

/** The pixels of x that the stride does not skip. */
function everyPixel(f: Forms, { x, y, attrs }: ConvOperands): Value {
  const [, , oh, ow] = dims4(y);
  const [sh, sw] = attrs.strides;
  const pixels = f.hwcn(x);
  if (sh === 1 && sw === 1) return pixels;
  return f.once(`${x.name} every ${sh}x${sw}`, () =>
    f.b.slice(
      pixels,
      { axes: [0, 1], starts: [0, 0], ends: [(oh - 1) * sh + 1, (ow - 1) * sw + 1], steps: [sh, sw] },
      'every',
    ),
  );
}

import type { Node, Value } from '../../ir/index.js';
import type { Context } from './context.js';
import { convPlan, operandsOf, type ConvOperands } from './conv.js';
import { dims4 } from '../rewrite/dims.js';
import type { Forms } from './forms.js';
import { spread } from './move.js';
import { liveKernel } from './spectra.js';

/** Whether one tap alone of a kernel ever meets a pixel, without padding. */
export function isPoint(context: Context, operands: ConvOperands): boolean {
  return convPlan(context, operands).every(
    ({ live: { axis } }) => axis.kernel === 1 && axis.before === 0 && axis.after === 0,
  );
}

/** A convolution of one tap: a matrix product for each pixel. */
export function pointConv(context: Context, node: Node): Value {
  const { f, b } = context;
  const operands = operandsOf(node);
  const x = everyPixel(f, operands);
  const [h, w, c, n] = dims4(x);
  const [k] = dims4(operands.w);
  const y = b.matMul(pointWeight(context, operands), b.reshape(x, [h * w, c, n]), 'point_conv');
  return f.biased(b.reshape(y, [h, w, k, n]), operands.bias);
}

/** Its input's gradient. */
export function pointInputGrad(context: Context, node: Node): Value {
  const { f, b } = context;
  const operands = operandsOf(node);
  const dy = f.pixels(operands.y);
  const [oh, ow, k, n] = dims4(dy);
  const [, c, h, w] = dims4(operands.x);
  const weight = b.transpose(pointWeight(context, operands), [1, 0]);
  const part = b.reshape(b.matMul(weight, b.reshape(dy, [oh * ow, k, n]), 'point_grad'), [oh, ow, c, n]);
  const { strides } = operands.attrs;
  return strides.every((stride) => stride === 1)
    ? part
    : spread(b, part, { strides, first: [0, 0], size: [h, w] });
}

/** Its weight's gradient: one product over all pixels, for which both images lie channel by channel. */
export function pointWeightGrad(context: Context, node: Node): Value {
  const { f, b } = context;
  const operands = operandsOf(node);
  const x = everyPixel(f, operands);
  const [h, w, c, n] = dims4(x);
  const [k, , kh, kw] = dims4(operands.w);
  const [rows, columns] = convPlan(context, operands);
  const lines = (value: Value, channels: number): Value =>
    b.reshape(b.transpose(b.reshape(value, [h * w, channels, n]), [1, 0, 2]), [channels, h * w * n]);
  const dw = b.matMul(lines(f.pixels(operands.y), k), b.transpose(lines(x, c), [1, 0]), 'point_weight_grad');
  return b.pad(b.reshape(dw, [k, c, 1, 1]), [
    ...[0, 0, rows.live.first, columns.live.first],
    ...[0, 0, kh - rows.live.first - 1, kw - columns.live.first - 1],
  ]);
}

/** The weight [K,C] of the one tap. */
function pointWeight(context: Context, operands: ConvOperands): Value {
  const { f } = context;
  const [rows, columns] = convPlan(context, operands);
  const [k, c] = dims4(operands.w);
  return f.once(`${operands.w.name} as point`, () =>
    f.b.reshape(liveKernel(f, f.plain(operands.w), [rows.live, columns.live]), [k, c]),
  );
}

/** The pixels of x that the stride does not skip. */
function everyPixel(f: Forms, { x, y, attrs }: ConvOperands): Value {
  const [, , oh, ow] = dims4(y);
  const [sh, sw] = attrs.strides;
  const pixels = f.pixels(x);
  if (sh === 1 && sw === 1) return pixels;
  return f.once(`${x.name} every ${sh}x${sw}`, () =>
    f.b.slice(
      pixels,
      { axes: [0, 1], starts: [0, 0], ends: [(oh - 1) * sh + 1, (ow - 1) * sw + 1], steps: [sh, sw] },
      'every',
    ),
  );
}

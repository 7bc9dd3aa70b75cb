import type { Node, Value } from '../../ir/index.js';
import { axesOf } from './axes.js';
import type { Context } from './context.js';
import { operandsOf, withBias, type ConvOperands } from './conv.js';
import { dims4, type Forms } from './forms.js';
import { liveKernel } from './spectra.js';

/** Whether one tap alone of a kernel ever meets a pixel, without padding. */
export function isPoint(operands: ConvOperands): boolean {
  return axesOf(operands).every(({ axis }) => axis.kernel === 1 && axis.before === 0 && axis.after === 0);
}

/** A convolution of one tap: a matrix product for each pixel. */
export function pointConv({ f, b }: Context, node: Node): Value {
  const operands = operandsOf(node);
  const x = everyPixel(f, operands);
  const [h, w, c, n] = dims4(x);
  const [k] = dims4(operands.w);
  const y = b.matMul(pointWeight(f, operands), b.reshape(x, [h * w, c, n]), 'point_conv');
  return withBias(f, b.reshape(y, [h, w, k, n]), operands.bias);
}

export function pointInputGrad({ f, b }: Context, node: Node): Value {
  const operands = operandsOf(node);
  const dy = f.pixels(operands.y);
  const [oh, ow, k, n] = dims4(dy);
  const [, c, h, w] = dims4(operands.x);
  const weight = b.transpose(pointWeight(f, operands), [1, 0]);
  const part = b.reshape(b.matMul(weight, b.reshape(dy, [oh * ow, k, n]), 'point_grad'), [oh, ow, c, n]);
  const [sh, sw] = operands.attrs.strides;
  if (sh === 1 && sw === 1) return part;
  // Zeros between the pixels, and after the last.
  const [ph, pw] = [(oh - 1) * sh + 1, (ow - 1) * sw + 1];
  const columns = b.reshape(b.pad(b.reshape(part, [oh, ow, 1, c * n]), [0, 0, 0, 0, 0, 0, sw - 1, 0]), [oh, 1, ow * sw * c * n]);
  const all = b.reshape(b.pad(columns, [0, 0, 0, 0, sh - 1, 0]), [oh * sh, ow * sw, c, n]);
  const cut = b.slice(all, { axes: [0, 1], starts: [0, 0], ends: [ph, pw] });
  return b.pad(cut, [0, 0, 0, 0, h - ph, w - pw, 0, 0]);
}

export function pointWeightGrad({ f, b }: Context, node: Node): Value {
  const operands = operandsOf(node);
  const x = everyPixel(f, operands);
  const [h, w, c, n] = dims4(x);
  const [k, , kh, kw] = dims4(operands.w);
  const [rows, columns] = axesOf(operands);
  const lines = (value: Value, channels: number): Value =>
    b.reshape(b.transpose(b.reshape(value, [h * w, channels, n]), [1, 0, 2]), [channels, h * w * n]);
  const dw = b.matMul(lines(f.pixels(operands.y), k), b.transpose(lines(x, c), [1, 0]), 'point_weight_grad');
  return b.pad(b.reshape(dw, [k, c, 1, 1]), [
    ...[0, 0, rows.first, columns.first],
    ...[0, 0, kh - rows.first - 1, kw - columns.first - 1],
  ]);
}

function pointWeight(f: Forms, operands: ConvOperands): Value {
  const [rows, columns] = axesOf(operands);
  const [k, c] = dims4(operands.w);
  return f.once(`${operands.w.name} as point`, () =>
    f.b.reshape(liveKernel(f, f.plain(operands.w), rows, columns), [k, c]),
  );
}

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

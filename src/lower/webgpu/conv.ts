import type { Node, Value } from '../../ir/index.js';
import type { ConvAttrs, ConvTransposeAttrs } from '../../ops/index.js';
import { convOperands } from '../rewrite/operands.js';
import { range } from '../rewrite/range.js';
import { attrsOf, axisOf, liveAxes, type Axis } from '../rewrite/taps.js';
import { lastConv, lastConvTranspose } from './last-ops.js';
import type { Context } from './context.js';
import { dims4 } from '../rewrite/dims.js';
import { wideChannels, type Forms } from './forms.js';
import { firstOf, gridOf, pick, pickPixels, type PixelMap } from './move.js';
import { moved } from './transpose.js';

/**
 * Forms of a convolution on WebGPU:
 *
 * - `transposed`: as the transposed convolution with its kernel rotated by 180 degrees. ONNX Runtime's kernel for it shares no memory
 *   within a work group: 1.4 GFLOP/s a core of a software adapter, where Conv and MatMul reach 0.5, and its numbers are right for
 *   all channels.
 * - `patches`: im2col, times the weight: for strides, and for few channels, of which a
 *   window's pixels make many.
 * - `tiled`: ONNX's Conv, its channels filled up where it would be wrong. Needs no memory for patches.
 */
export type ConvForm = 'transposed' | 'patches' | 'tiled';

/** Numbers in the patches of a convolution from which on im2col is not used: a buffer holds 2^25 by default. */
const MOST_PATCHES = 2 ** 25;

/** A convolution node's operands in the lowered graph, and its two axes without taps that meet only zeros. */
interface Operands {
  /** The node's own input, in whatever forms there are. */
  readonly x: Value;
  /** [K,C/group,kh,kw]. */
  readonly w: Value;
  readonly bias: Value | undefined;
  readonly group: number;
  readonly axes: readonly [Axis, Axis];
  /** The first tap that counts, by axis. */
  readonly first: readonly [number, number];
}

function operandsOf(f: Forms, node: Node): Operands {
  const conv = convOperands(node);
  const [rows, columns] = liveAxes(conv);
  return {
    x: conv.x,
    w: f.plain(conv.w),
    bias: conv.bias && f.plain(conv.bias),
    group: conv.attrs.group,
    axes: [rows.axis, columns.axis],
    first: [rows.first, columns.first],
  };
}

/** Which forms a convolution node can have, the heuristic's first. */
export function convForms(node: Node): readonly ConvForm[] {
  const conv = convOperands(node);
  const { attrs } = conv;
  const [n, c] = dims4(conv.x);
  const [, , oh, ow] = dims4(conv.y);
  const axes = liveAxes(conv).map(({ axis }) => axis);
  const canTurn = axes.every(
    ({ stride, kernel, dilation, before, after }) =>
      stride === 1 && Math.max(before, after) <= (kernel - 1) * dilation,
  );
  if (attrs.group > 1) return canTurn ? ['transposed'] : ['tiled'];
  const taps = axes.reduce((product, { kernel }) => product * kernel, 1);
  const fits = n * oh * ow * taps * c <= MOST_PATCHES;
  const patches: readonly ConvForm[] = fits ? ['patches'] : [];
  const turned: readonly ConvForm[] = canTurn ? ['transposed'] : [];
  // With one tap and every pixel there is nothing to write out.
  return taps === 1 || c < 4 ? [...patches, ...turned, 'tiled'] : [...turned, ...patches, 'tiled'];
}

/** The form that a convolution node has. */
export function convForm({ choices }: Pick<Context, 'choices'>, node: Node): ConvForm {
  const forms = convForms(node);
  return forms.find((form) => form === choices[node.name]) ?? forms[0] ?? 'tiled';
}

/** The convolution of images in NHWC, [N,OH,OW,K], or the wide form of that. */
export function forwardConv(context: Context, node: Node): Value {
  const { f } = context;
  const operands = operandsOf(f, node);
  const form = convForm(context, node);
  if (form === 'patches') return byPatches(f, operands);
  return form === 'transposed' ? byTransposed(f, operands) : byTiles(f, operands);
}

/** conv(x, w) = convTranspose(x, w'), w' [C,K/group,kh,kw] rotated by 180 degrees. */
function byTransposed(f: Forms, { x, w, bias, group, axes, first }: Operands): Value {
  const { b } = f;
  const [h, width] = axes;
  const [k, c, , kw] = dims4(w);
  const taps = b.reshape(w, [k, c, Number(w.shape[2]) * kw]);
  const turned = range(h.kernel).flatMap((i) =>
    range(width.kernel).map((j) => (first[0] + h.kernel - 1 - i) * kw + first[1] + width.kernel - 1 - j),
  );
  const reversed = pick(f, taps, 2, turned, 'turned');
  const size = turned.length;
  const byInput =
    group === 1
      ? moved(b, reversed, [1, 0, 2], 'by_input')
      : b.transpose(b.reshape(reversed, [group, k / group, c, size]), [0, 2, 1, 3], 'by_input');
  const weight = b.reshape(byInput, [group * c, k / group, h.kernel, width.kernel]);
  const spans = axes.map(({ kernel, dilation }) => (kernel - 1) * dilation);
  return wideTransposed(f, x, weight, bias, {
    kernel_shape: [h.kernel, width.kernel],
    strides: [1, 1],
    dilations: [h.dilation, width.dilation],
    pads: [
      (spans[0] ?? 0) - h.before,
      (spans[1] ?? 0) - width.before,
      (spans[0] ?? 0) - h.after,
      (spans[1] ?? 0) - width.after,
    ],
    output_padding: [0, 0],
    group,
  });
}

/** The transposed convolution of a value of the portable graph: [N,H,W,C], or the wide form of that. */
function wideTransposed(
  f: Forms,
  x: Value,
  w: Value,
  bias: Value | undefined,
  attrs: ConvTransposeAttrs,
): Value {
  if (attrs.group > 1) return transposed(f, f.nhwc(x), w, bias, attrs);
  const [c, k] = dims4(w);
  const filters = wideChannels(k);
  const weight = firstOf(f, firstOf(f, w, 0, wideChannels(c), 'wide'), 1, filters, 'wide');
  return transposed(f, f.wide(x), weight, bias && firstOf(f, bias, 0, filters, 'wide'), attrs);
}

/**
 * ONNX's ConvTranspose on an image in NHWC. For groups of one output channel and an even number
 * of input channels (tried: 1, 2, 3, 4, 5 and 8) ONNX Runtime 1.30 gives wrong numbers: all but depthwise ones get a second
 * one, which is dropped.
 */
export function transposed(
  f: Forms,
  x: Value,
  w: Value,
  bias: Value | undefined,
  attrs: ConvTransposeAttrs,
): Value {
  const { b } = f;
  const [c, k] = dims4(w);
  if (attrs.group > 1 && k === 1 && c > attrs.group) {
    const twice = range(2 * attrs.group).map((i) => Math.floor(i / 2));
    const both = transposed(f, x, b.concat([w, w], 1), bias && pick(f, bias, 0, twice, 'bias'), attrs);
    return pick(f, both, 3, range(attrs.group, 0, 2), 'first_of_two');
  }
  return b.emit(lastConvTranspose, [x, w, bias], { ...attrs }, 'conv_transpose');
}

/** im2col: the pixels of each window, [N,OH,OW, kh kw C], times the weight [K, kh kw C]. */
function byPatches(f: Forms, { x, w, bias, axes: [h, width], first }: Operands): Value {
  const { b } = f;
  const image = f.nhwc(x);
  const [n, , , c] = dims4(image);
  const [k, , , kw] = dims4(w);
  const live = range(h.kernel).flatMap((i) =>
    range(width.kernel).map((j) => (first[0] + i) * kw + first[1] + j),
  );
  // The kernels read four channels at a time: taps without weight fill them up.
  const size = range(4, live.length).find((taps) => (taps * c) % 4 === 0 || live.length === 1) ?? live.length;
  const filled: PixelMap = range(size).map((tap) => live[tap]);
  const taps = pick(f, b.reshape(w, [k, c, Number(w.shape[2]) * kw]), 2, filled, 'live');
  const byTap = moved(b, taps, [0, 2, 1], 'by_tap');
  const patches = patchesOf(f, image, h, width, size);
  return product(
    f,
    b.reshape(patches, [n, h.out, width.out, size * c]),
    b.reshape(byTap, [k, size * c]),
    bias,
  );
}

/** Each pixel of an image [N,H,W,C] times a matrix [K,C]: [N,H,W,K]. */
export function product(f: Forms, x: Value, w: Value, bias: Value | undefined): Value {
  const { b } = f;
  const [n, h, width, c] = dims4(x);
  const k = Number(w.shape[0]);
  // Large ones are as fast in memory that a work group shares, and on a GPU faster.
  if (c >= 1024 && k >= 128) {
    const rows = b.reshape(x, [n * h * width, c]);
    return b.reshape(b.gemm(rows, w, bias, { transB: true }, 'product'), [n, h, width, k]);
  }
  const byInput = b.reshape(moved(b, w, [1, 0], 'by_input'), [c, k, 1, 1]);
  return transposed(f, x, byInput, bias, pointwise);
}

const pointwise: ConvTransposeAttrs = {
  kernel_shape: [1, 1],
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  group: 1,
  output_padding: [0, 0],
};

/** [N, OH OW size, C]: the pixels that each window sees, one after the other; the first ones once more up to `size`. */
function patchesOf(f: Forms, x: Value, h: Axis, w: Axis, size: number): Value {
  const { b } = f;
  const [n, , , c] = dims4(x);
  const bottom = Math.max(h.before + h.size + h.after, 0);
  const right = Math.max(w.before + w.size + w.after, 0);
  const isPadded = h.before + h.after + w.before + w.after > 0;
  const padded = isPadded
    ? b.reshape(
        pickPixels(
          f,
          x,
          gridOf(range(bottom, -h.before), range(right, -w.before), [h.size, w.size]),
          'padded',
        ),
        [n, bottom, right, c],
      )
    : x;
  const windows = range(h.out).flatMap((oh) =>
    range(w.out).flatMap((ow) =>
      range(size).map((at) => {
        const tap = at % (h.kernel * w.kernel);
        const [i, j] = [Math.floor(tap / w.kernel), tap % w.kernel];
        return (oh * h.stride + i * h.dilation) * right + ow * w.stride + j * w.dilation;
      }),
    ),
  );
  return pickPixels(f, padded, windows, 'patches');
}

/**
 * ONNX's Conv. ONNX Runtime 1.30 computes it wrongly for C = 6, 9, 15, 18, ... (a multiple of 3, not of 4) where K is a multiple of 4, and for groups
 * whose K is no multiple of 4 while all K are: channels of zeros are added, groups taken apart.
 */
function byTiles(f: Forms, { x, w, bias, group, axes: [h, width], first }: Operands): Value {
  const { b } = f;
  const attrs = attrsOf(h, width);
  const image = f.nhwc(x);
  const [, , , channels] = dims4(image);
  const [filters, c, kh, kw] = dims4(w);
  const isWhole = kh === h.kernel && kw === width.kernel;
  const live = isWhole
    ? w
    : b.slice(w, { axes: [2, 3], starts: first, ends: [first[0] + h.kernel, first[1] + width.kernel] });
  const filled = c % 3 === 0 ? wideChannels(c) : c;
  const parts = range(group).map((at) => {
    const own =
      group === 1 ? image : pick(f, image, 3, range(channels / group, (at * channels) / group), 'group');
    const some = (value: Value): Value =>
      group === 1 ? value : pick(f, value, 0, range(filters / group, (at * filters) / group), 'group');
    const wide = (value: Value, axis: number): Value => firstOf(f, value, axis, filled, 'filled');
    const operands = [wide(own, 3), wide(some(live), 1), bias && some(bias)];
    return b.emit(lastConv, operands, { ...attrs }, 'conv');
  });
  return b.concat(parts, 3);
}

/** The gradient of a convolution's input, [N,H,W,C] or the wide form of that: a transposed convolution as it is. */
export function inputGrad(f: Forms, node: Node): Value {
  const { x: dx, w, y: dy, attrs } = convOperands(node);
  const [, , h, width] = dims4(dx);
  const [, , oh, ow] = dims4(dy);
  const rest = (size: number, out: number, axis: 0 | 1): number => {
    const { kernel, stride, dilation, before, after } = axisOf(attrs, axis, size, out);
    return size + before + after - ((out - 1) * stride + (kernel - 1) * dilation + 1);
  };
  const output_padding = [rest(h, oh, 0), rest(width, ow, 1)] as const;
  if (attrs.group === 1 && isPointwise(attrs)) {
    const [k, c] = dims4(f.plain(w));
    const image = f.nhwc(dy);
    return product(f, image, moved(f.b, f.b.reshape(f.plain(w), [k, c]), [1, 0], 'by_input'), undefined);
  }
  return wideTransposed(f, dy, f.plain(w), undefined, { ...attrs, output_padding });
}

/** Whether each pixel of the result comes from the one at its place. */
function isPointwise({ kernel_shape, strides, pads }: ConvAttrs): boolean {
  return [...kernel_shape, ...strides].every((n) => n === 1) && pads.every((p) => p === 0);
}

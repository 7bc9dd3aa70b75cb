import type { Node, Value } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import { dims4 } from '../rewrite/dims.js';
import { convOperands, type ConvOperands } from '../rewrite/operands.js';
import { range } from '../rewrite/range.js';
import { liveAxes, type Axis, type LiveAxes } from '../rewrite/taps.js';
import type { Context } from './context.js';
import type { Forms, Pending } from './forms.js';

/**
 * A convolution as im2col and a matrix product for each pixel, of the weight [K, taps C] and the patch of x below the kernel
 * [taps C, N]: for images of few channels.
 */
export function patchConv({ f, b }: Context, node: Node): Pending {
  const conv = convOperands(node);
  const { x, w, bias } = conv;
  const axes = liveAxes(conv);
  return {
    ...(bias && { bias }),
    at(rows, columns) {
      const patches = patchesOf(f, x, axes, rows, columns);
      const [, , n = 1] = patches.shape.map(Number);
      const [k] = dims4(w);
      const y = b.matMul(patchWeight(f, w, axes), patches, 'patch_conv');
      return b.reshape(y, [rows.length, columns.length, k, n]);
    },
  };
}

/** Its weight's gradient, from the gradient at some of the pixels of y. */
export function patchWeightGrad({ f, b }: Context, node: Node): Value {
  const conv = convOperands(node);
  const { x, y, w } = conv;
  const axes = liveAxes(conv);
  const [rows, columns] = axes;
  const [k, c] = dims4(w);
  const places = f.places(y) ?? [{ rows: range(dims4(y)[2]), columns: range(dims4(y)[3]), image: f.hwcn(y) }];
  const sum = places
    .map(({ image, ...at }) => {
      const patches = patchesOf(f, x, axes, at.rows, at.columns);
      const [pixels = 1, , n = 1] = patches.shape.map(Number);
      const each = b.matMul(b.reshape(image, [pixels, k, n]), b.transpose(patches, [0, 2, 1]), 'patch_grad');
      return b.reduceSum(each, [0]);
    })
    .reduce((total, part) => b.add(total, part));
  const live = b.reshape(sum, [k, rows.axis.kernel, columns.axis.kernel, c]);
  return fullKernel(f, b.transpose(live, [0, 3, 1, 2]), conv);
}

/** The taps of a kernel that ever meet a pixel. */
export function liveKernel({ b }: Forms, w: Value, axes: LiveAxes): Value {
  const [, , kh, kw] = dims4(w);
  const starts = axes.map(({ first }) => first);
  const ends = axes.map(({ first, axis }) => first + axis.kernel);
  const isWhole = starts.every((start) => start === 0) && ends[0] === kh && ends[1] === kw;
  return isWhole ? w : b.slice(w, { axes: [2, 3], starts, ends }, 'live_taps');
}

/** The adjoint: the gradient of a whole kernel, zero for the taps that never meet a pixel. */
export function fullKernel({ b }: Forms, dw: Value, conv: ConvOperands): Value {
  const [, , kh, kw] = dims4(conv.w);
  const [rows, columns] = liveAxes(conv);
  return b.pad(dw, [
    ...[0, 0, rows.first, columns.first],
    ...[0, 0, kh - rows.first - rows.axis.kernel, kw - columns.first - columns.axis.kernel],
  ]);
}

/** The weight as [K, taps C]. */
function patchWeight(f: Forms, w: Value, axes: LiveAxes): Value {
  return f.once(`${w.name} for patches`, () => {
    const live = liveKernel(f, f.plain(w), axes);
    const [k, c, kh, kw] = dims4(live);
    return f.b.reshape(f.b.transpose(live, [0, 2, 3, 1]), [k, kh * kw * c]);
  });
}

/** Patches [pixels, taps C, N] of x for the pixels of y at these rows and columns. */
function patchesOf(
  f: Forms,
  x: Value,
  [down, across]: LiveAxes,
  rows: readonly number[],
  columns: readonly number[],
): Value {
  const { b } = f;
  const key = `${x.name} patches ${rows.join()};${columns.join()};${JSON.stringify([down, across])}`;
  return f.once(key, () => {
    const [h, w, c, n] = dims4(f.hwcn(x));
    const lines = b.reshape(f.hwcn(x), [h * w, c * n]);
    const [above, left] = [
      rows.map((row) => meets(down.axis, row)),
      columns.map((column) => meets(across.axis, column)),
    ];
    const indices: number[] = [];
    for (const i of above) {
      for (const j of left) {
        for (const row of i)
          for (const column of j) indices.push(row < 0 || column < 0 ? h * w : row * w + column);
      }
    }
    const isPadded = indices.includes(h * w);
    const source = isPadded ? b.pad(lines, [0, 0, 1, 0]) : lines;
    const data = Int32Array.from(indices);
    const index = b.constant({ dtype: 'int32', shape: [data.length], data }, 'patches_at');
    const taps = down.axis.kernel * across.axis.kernel;
    const gathered = b.emit(ops.Gather, [source, index], { axis: 0 }, 'patches');
    return b.reshape(gathered, [rows.length * columns.length, taps * c, n]);
  });
}

/** The pixels of x that the taps meet at one pixel of y; -1 for padding. */
function meets({ kernel, stride, dilation, before, size }: Axis, pixel: number): readonly number[] {
  return range(kernel, pixel * stride - before, dilation).map((at) => (at >= 0 && at < size ? at : -1));
}

import type { Node, Value } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import type { Axis, LiveTaps } from '../rewrite/taps.js';
import type { Context } from './context.js';
import { convPlan, operandsOf, type ConvOperands } from './conv.js';
import { dims4 } from '../rewrite/dims.js';
import { range, type Forms, type Pending } from './forms.js';
import { liveKernel } from './spectra.js';

/**
 * A convolution as a matrix product for each pixel, of the weight [K, taps C] and the patch of x below the kernel
 * [taps C, N]: for images of few channels, which would gain nothing from a spectrum.
 */
export function patchConv(context: Context, node: Node): Pending {
  const { f, b } = context;
  const operands = operandsOf(node);
  const axes = axesOf(context, operands);
  return {
    inPart: true,
    ...(operands.bias && { bias: operands.bias }),
    at(rows, columns) {
      const patches = patchesOf(f, operands.x, axes, rows, columns);
      const [, , n = 1] = patches.shape.map(Number);
      const [k] = dims4(operands.w);
      const y = b.matMul(patchWeight(f, operands, axes), patches, 'patch_conv');
      return b.reshape(y, [rows.length, columns.length, k, n]);
    },
  };
}

/** Its weight's gradient, from the gradient at some of the pixels of y. */
export function patchWeightGrad(context: Context, node: Node): Value {
  const { f, b } = context;
  const operands = operandsOf(node);
  const { y, w } = operands;
  const axes = axesOf(context, operands);
  const [rows, columns] = axes;
  const [k, c, kh, kw] = dims4(w);
  const parts = f.places(y)?.flatMap(({ rows, columns, image }) => [partOf(image, rows, columns)]) ?? [
    partOf(f.pixels(y), range(dims4(y)[2]), range(dims4(y)[3])),
  ];
  const [first, ...others] = parts;
  if (first === undefined) throw new Error(`${node.name} has no pixels`);
  const sum = others.reduce((total, part) => b.add(total, part), first);
  const live = b.reshape(sum, [k, rows.axis.kernel, columns.axis.kernel, c]);
  return b.pad(b.transpose(live, [0, 3, 1, 2]), [
    ...[0, 0, rows.first, columns.first],
    ...[0, 0, kh - rows.first - rows.axis.kernel, kw - columns.first - columns.axis.kernel],
  ]);

  function partOf(dy: Value, down: readonly number[], across: readonly number[]): Value {
    const patches = patchesOf(f, operands.x, axes, down, across);
    const [pixels = 1, , n = 1] = patches.shape.map(Number);
    const each = b.matMul(b.reshape(dy, [pixels, k, n]), b.transpose(patches, [0, 2, 1]), 'patch_grad');
    return b.reduceSum(each, [0]);
  }
}

/** Both axes of a convolution, with the taps that meet a pixel. */
type Axes = readonly [height: LiveTaps, width: LiveTaps];

function axesOf(context: Context, operands: ConvOperands): Axes {
  const [height, width] = convPlan(context, operands);
  return [height.live, width.live];
}

/** The weight as [K, taps C]. */
function patchWeight(f: Forms, { w }: ConvOperands, axes: Axes): Value {
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
  [down, across]: Axes,
  rows: readonly number[],
  columns: readonly number[],
): Value {
  const { b } = f;
  const key = `${x.name} patches ${rows.join()};${columns.join()};${JSON.stringify([down, across])}`;
  return f.once(key, () => {
    const [h, w, c, n] = dims4(f.pixels(x));
    const lines = b.reshape(f.pixels(x), [h * w, c * n]);
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
  return range(kernel).map((tap) => {
    const at = pixel * stride + tap * dilation - before;
    return at >= 0 && at < size ? at : -1;
  });
}

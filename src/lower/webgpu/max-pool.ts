import { assert } from '../../errors.js';
import { operands, result } from '../rewrite/operands.js';
import { tensorOf, type Node, type Value } from '../../ir/index.js';
import { ops, type PoolAttrs } from '../../ops/index.js';
import { dims4 } from '../rewrite/dims.js';
import type { Forms } from './forms.js';
import { range } from '../rewrite/range.js';

/** The pixel that each window sees at one of its places, by window; and the pixels there, [N, windows, C]. */
interface Place {
  readonly pixels: readonly number[];
  readonly values: Value;
}

function sizesOf(node: Node): {
  readonly size: readonly [number, number];
  readonly out: readonly [number, number];
} {
  // The gradient has the pooled image as its second input.
  const y = node.op.name === 'MaxPoolGrad' ? operands(node, 2)[1] : result(node);
  const [, , h, w] = dims4(operands(node, 1)[0]);
  const [, , oh, ow] = dims4(y);
  return { size: [h, w], out: [oh, ow] };
}

function attrsOf(node: Node): PoolAttrs {
  return node.attrs as unknown as PoolAttrs;
}

/**
 * The places of the windows in row-major order. One in the padding is given the window's first pixel, which changes neither the
 * maximum nor which pixel has it first.
 */
function placesOf(f: Forms, node: Node): readonly Place[] {
  const [x] = operands(node, 1);
  const { kernel_shape: kernel, strides, pads, dilations = [1, 1] } = attrsOf(node);
  const { size, out } = sizesOf(node);
  const image = f.nhwc(x);
  const [n, h, w, c] = dims4(image);
  // By place along one axis, the pixel of each window: the first one that there is where this one is in the padding.
  const along = (axis: 0 | 1): readonly (readonly number[])[] => {
    const inside = (at: number): boolean => at >= 0 && at < size[axis];
    const starts = range(out[axis], -pads[axis], strides[axis]);
    const offsets = range(kernel[axis], 0, dilations[axis]);
    return offsets.map((i) => starts.map((start) => (inside(start + i) ? start + i : -1)));
  };
  const [rows, columns] = [along(0), along(1)];
  const firstOf = (lines: readonly (readonly number[])[], window: number): number =>
    lines.map((line) => line[window] ?? -1).find((at) => at >= 0) ?? 0;
  return rows.flatMap((rowOf) =>
    columns.map((columnOf): Place => {
      const pixels = rowOf.flatMap((row, i) =>
        columnOf.map((column, j) =>
          row < 0 || column < 0 ? firstOf(rows, i) * w + firstOf(columns, j) : row * w + column,
        ),
      );
      return { pixels, values: gather(f, f.b.reshape(image, [n, h * w, c]), pixels, 'place') };
    }),
  );
}

/** Pixels [N, P, C] -> [N, indices, C]. */
function gather(f: Forms, x: Value, indices: readonly number[], name: string): Value {
  const index = f.constant(
    `index ${indices.join()}`,
    () => tensorOf('int32', [indices.length], indices),
    'index',
  );
  return f.once(`${x.name} at ${index.name}`, () => f.b.emit(ops.Gather, [x, index], { axis: 1 }, name));
}

/** Max-pooling of an image [N,H,W,C] -> [N,OH,OW,C], place by place. */
export function maxPool(f: Forms, node: Node): Value {
  const [x] = operands(node, 1);
  const [n, , , c] = dims4(f.nhwc(x));
  const [oh, ow] = sizesOf(node).out;
  return f.b.reshape(maximum(f, placesOf(f, node)), [n, oh, ow, c]);
}

function maximum({ b }: Forms, places: readonly Place[]): Value {
  return places.map(({ values }) => values).reduce((most, values) => b.max(most, values, 'max_pool'));
}

/**
 * Gradient of max-pooling, from x and y: each window's number of its first maximum in row-major order, and for each pixel
 * the gradients of those windows, of the few that it lies in, whose number is its own. Ties are common: a constant
 * background gives nothing else.
 */
export function maxPoolGrad(f: Forms, node: Node): Value {
  const [x, y, , dy] = operands(node, 4);
  const { b } = f;
  const [n, h, w, c] = dims4(f.nhwc(x));
  const { out } = sizesOf(node);
  const windows = (value: Value): Value => b.reshape(f.nhwc(value), [n, out[0] * out[1], c]);
  const most = windows(y);
  const numbers = (pixels: readonly number[]): Value =>
    f.constant(
      `numbers ${pixels.join()}`,
      () => tensorOf('float32', [pixels.length, 1], pixels),
      'pixel_numbers',
    );
  const places = placesOf(f, node).toReversed();
  const [last, ...earlier] = places;
  assert(last, `${node.name} has windows without pixels`);
  const first = earlier.reduce(
    (number, { pixels, values }) => b.where(b.equal(values, most), numbers(pixels), number, 'first_maximum'),
    b.expandLike(numbers(last.pixels), most, 'last_pixel'),
  );
  const arriving = windows(dy);
  const parts = coverings(node).map(({ window, pixels }) => {
    const mine = b.equal(gather(f, first, window, 'first_of_window'), numbers(pixels));
    return b.where(mine, gather(f, arriving, window, 'arriving'), 0, 'pool_grad');
  });
  const dx = parts.reduce((sum, part) => b.add(sum, part, 'pool_grad'));
  return b.reshape(dx, [n, h, w, c]);
}

/**
 * The windows that a pixel lies in, one after the other: by pixel a window, and the pixel's number, or -1 where it lies in
 * no further window.
 */
function coverings(
  node: Node,
): readonly { readonly window: readonly number[]; readonly pixels: readonly number[] }[] {
  const { kernel_shape: kernel, strides, pads, dilations = [1, 1] } = attrsOf(node);
  const { size, out } = sizesOf(node);
  const along = (axis: 0 | 1, back: number): readonly number[] =>
    range(size[axis]).map((at) => {
      const window = Math.floor((at + pads[axis]) / strides[axis]) - back;
      const offset = at + pads[axis] - window * strides[axis];
      const covers = offset % dilations[axis] === 0 && offset / dilations[axis] < kernel[axis];
      return covers && window >= 0 && window < out[axis] ? window : -1;
    });
  const most = (axis: 0 | 1): number => Math.ceil(((kernel[axis] - 1) * dilations[axis] + 1) / strides[axis]);
  return range(most(0)).flatMap((i) =>
    range(most(1)).map((j) => {
      const [rows, columns] = [along(0, i), along(1, j)];
      const covered = rows.flatMap((row) => columns.map((column) => ({ row, column })));
      return {
        window: covered.map(({ row, column }) => (row < 0 || column < 0 ? 0 : row * out[1] + column)),
        pixels: covered.map(({ row, column }, pixel) => (row < 0 || column < 0 ? -1 : pixel)),
      };
    }),
  );
}

import { staticSize, type Value } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import { blockedConv } from './blocked-ops.js';
import type { Forms } from './forms.js';
import { dims4 } from '../rewrite/dims.js';
import type { Axis } from '../rewrite/taps.js';

/** How many pixels of the result are computed. */
const SAMPLES = 16;

/** A convolution of a blocked image, or of a plain one with fewer channels than a block. */
export interface Sampled {
  readonly image: Value;
  readonly isPlain: boolean;
  readonly weight: Value;
  readonly bias: Value | undefined;
  readonly group: number;
  readonly rows: Axis;
  readonly columns: Axis;
}

/** A pixel of the result. */
interface Pixel {
  readonly image: number;
  readonly row: number;
  readonly column: number;
}

/**
 * The mean of each channel over a few pixels of conv(x, w) + bias + sum, [C'], spread over images, rows and columns: the
 * convolution of the mean of their windows, one pixel in all. Undefined where too few pixels have windows without padding,
 * or where reading the weight once more takes longer than the three passes over the result that its mean takes.
 *
 * With one value in D^2 further than D deviations from the mean at most (Chebyshev), a few pixels are next to never off by
 * more than a few.
 */
export function sampledMean(f: Forms, conv: Sampled, sum: Value | undefined): Value | undefined {
  const { image, isPlain, weight, bias, group, rows, columns } = conv;
  const [images] = dims4(image);
  const [channels] = dims4(weight);
  const [inner, outer] = [wholeWindows(rows), wholeWindows(columns)];
  const pixels = rows.out * columns.out;
  if (4 * inner.length * outer.length < pixels) return undefined;
  if (staticSize(weight.shape) > 3 * images * channels * pixels) return undefined;
  const { b } = f;
  const chosen = spreadPixels(images, inner, outer);
  const windows = chosen.map(({ image: at, row, column }) => ({
    image: at,
    rows: taps(rows, row),
    columns: taps(columns, column),
  }));
  const window = meanWindow(f, image, isPlain ? 1 : f.block, windows);
  const added =
    sum &&
    meanWindow(
      f,
      sum,
      f.block,
      chosen.map(({ image: at, row, column }) => ({ image: at, rows: [row], columns: [column] })),
    );
  const attrs = {
    kernel_shape: [rows.kernel, columns.kernel],
    strides: [1, 1],
    dilations: [1, 1],
    pads: [0, 0, 0, 0],
    group,
  };
  const mean = b.emit(blockedConv, [window, weight, bias, added], attrs, 'sampled_mean');
  return b.reshape(mean, [channels]);
}

/** The places along an axis of the result whose windows meet no padding. */
function wholeWindows({ size, out, kernel, stride, dilation, before }: Axis): readonly number[] {
  return Array.from({ length: out }, (_, at) => at).filter((at) => {
    const first = at * stride - before;
    return first >= 0 && first + (kernel - 1) * dilation < size;
  });
}

/** The places along an axis of the image that a place of the result sees. */
function taps({ kernel, stride, dilation, before }: Axis, at: number): readonly number[] {
  return Array.from({ length: kernel }, (_, tap) => at * stride - before + tap * dilation);
}

/** Pixels at the points of the R2 sequence (Roberts, 2018), which lie evenly in a square; images in turn. */
function spreadPixels(images: number, rows: readonly number[], columns: readonly number[]): readonly Pixel[] {
  const plastic = 1.324717957244746;
  const pick = (from: readonly number[], share: number): number =>
    from[Math.floor((share % 1) * from.length)] ?? 0;
  return Array.from({ length: SAMPLES }, (_, i) => ({
    image: Math.floor(((i + 0.5) * images) / SAMPLES),
    row: pick(rows, 0.5 + (i + 1) / plastic),
    column: pick(columns, 0.5 + (i + 1) / plastic ** 2),
  }));
}

interface Window {
  readonly image: number;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** The mean of windows of an image: [1,C',rows,columns], blocked or plain as the image is. */
function meanWindow(f: Forms, image: Value, lanes: number, windows: readonly Window[]): Value {
  const { b } = f;
  const [n, c, h, w] = dims4(image);
  const groups = c / lanes;
  const [first] = windows;
  const [kh, kw] = [first?.rows.length ?? 0, first?.columns.length ?? 0];
  const each = groups * kh * kw;
  const order = (): Int32Array => {
    const places = new Int32Array(windows.length * each);
    let i = 0;
    for (const { image: at, rows, columns } of windows)
      for (let group = 0; group < groups; group++)
        for (const row of rows)
          for (const column of columns) places[i++] = ((at * groups + group) * h + row) * w + column;
    return places;
  };
  const key = `pixels ${[n, groups, h, w, ...windows.flatMap(({ rows, columns }) => [rows[0], columns[0], kh, kw])].join()}`;
  const index = f.constant(
    key,
    () => ({ dtype: 'int32', shape: [windows.length, each], data: order() }),
    'pixels',
  );
  const lines = b.reshape(image, [n * groups * h * w, lanes]);
  const picked = b.emit(ops.Gather, [lines, index], { axis: 0 }, 'sample');
  return b.reshape(b.reduceMean(picked, [0], false, 'mean_window'), [1, c, kh, kw]);
}

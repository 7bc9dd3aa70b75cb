import type { Value } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import { roundUp } from '../layout/weight-layout.js';
import type { Forms } from './forms.js';
import { dims4 } from '../rewrite/dims.js';
import type { Axis } from '../rewrite/taps.js';

/** Images cut into bands of rows, each of which counts as an image of its own. */
export interface Bands {
  readonly x: Value;
  readonly dy: Value;
  /** The rows of one band: of x with what the kernel reaches, of dy without; no padding is left. */
  readonly rows: Axis;
}

/**
 * The gradient of a weight sums over images in blocks, and a batch of 8 fills half a block of 16. Cut into bands, 8 images
 * are 16 of half the height: no multiplication by zeros, at the price of copying the rows where bands of x overlap.
 */
export function inBands(
  f: Forms,
  x: Value,
  dy: Value,
  rows: Axis,
  lanes: number,
  bands: number,
): Bands | undefined {
  if (bands === 1) return undefined;
  const height = Math.ceil(rows.out / bands);
  const reach = (height - 1) * rows.stride + (rows.kernel - 1) * rows.dilation + 1;
  const needed = (bands - 1) * height * rows.stride + reach;
  const starts = Array.from({ length: bands }, (_, i) => i * height * rows.stride);
  const above = rows.before;
  const below = Math.max(needed - rows.size - above, 0);
  return {
    x: banded(f, x, lanes, above, below, starts, reach),
    dy: banded(
      f,
      dy,
      f.block,
      0,
      bands * height - rows.out,
      starts.map((_, i) => i * height),
      height,
    ),
    rows: { ...rows, size: reach, out: height, before: 0, after: 0 },
  };
}

/** The number of bands that leaves the least to multiply; 1 where a whole block of images comes anyway. */
export function bandCount(n: number, out: number, block: number): number {
  const work = (bands: number): number => roundUp(n * bands, block) * Math.ceil(out / bands);
  let best = 1;
  for (let bands = 2; bands <= Math.min(block, out); bands++)
    if (work(bands) < 0.9 * work(best)) best = bands;
  return best;
}

/**
 * [N, groups, H, W lanes] -> [N bands, groups, height, W lanes]: cutting out the bands and bringing them before the groups
 * is one pass over whole rows, where a transposition would be a second one.
 */
function banded(
  f: Forms,
  x: Value,
  lanes: number,
  above: number,
  below: number,
  starts: readonly number[],
  height: number,
): Value {
  const { b } = f;
  const [n, c, h, w] = dims4(x);
  const groups = c / lanes;
  const padded = b.pad(b.reshape(x, [n * groups, h, w * lanes]), [0, above, 0, 0, below, 0]);
  const rows = h + above + below;
  const order = new Int32Array(n * starts.length * groups * height);
  let i = 0;
  for (let image = 0; image < n; image++)
    for (const start of starts)
      for (let group = 0; group < groups; group++)
        for (let row = 0; row < height; row++) order[i++] = (image * groups + group) * rows + start + row;
  const index = b.constant({ dtype: 'int32', shape: [order.length], data: order }, 'rows');
  const lines = b.reshape(padded, [n * groups * rows, w * lanes]);
  const picked = b.emit(ops.Gather, [lines, index], { axis: 0 }, 'bands');
  return b.reshape(picked, [n * starts.length, c, height, w]);
}

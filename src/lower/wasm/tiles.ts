import type { Value } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import { dims4 } from '../rewrite/dims.js';
import { range, type Forms } from './forms.js';
import { tilesIn, type Plan, type PlanAxis } from './plan.js';

/*
 * Images in tiles: [h,w,T,C,N] with h x w pixels of each of T tiles. Pixels of one place in their tiles lie together, so that
 * what is done to one tile is done to all, and each pixel of all channels and images is one piece of memory.
 */

/** Pixels of x [H,W,C,N] in tiles that overlap, with the zeros around the image. */
export function tilesOfX(f: Forms, x: Value, plan: Plan): Value {
  const { b } = f;
  const [h, w, c, n] = dims4(x);
  if (tilesIn(plan) === 1) return b.reshape(x, [h, w, 1, c, n]);
  const [height, width] = plan;
  const outside = h * w;
  const index = (row: number, column: number): number =>
    row < 0 || row >= h || column < 0 || column >= w ? outside : row * w + column;
  const indices = range(height.length).flatMap((i) =>
    range(width.length).flatMap((j) =>
      range(height.tiles).flatMap((s) =>
        range(width.tiles).map((t) => index(firstPixel(height, s) + i, firstPixel(width, t) + j)),
      ),
    ),
  );
  const lines = b.reshape(x, [h * w, c * n]);
  const source = indices.includes(outside) ? b.pad(lines, [0, 0, 1, 0]) : lines;
  const data = Int32Array.from(indices);
  const axes = plan.map((axis) => [axis.length, axis.tiles, firstPixel(axis, 0), firstPixel(axis, 1)]);
  const at = f.constant(
    `tiles of ${h}x${w}: ${JSON.stringify(axes)}`,
    () => ({ dtype: 'int32', shape: [data.length], data }),
    'tiles_at',
  );
  return b.reshape(b.emit(ops.Gather, [source, at], { axis: 0 }, 'tiles'), [
    height.length,
    width.length,
    tilesIn(plan),
    c,
    n,
  ]);
}

/** The adjoint: tiles of x's gradient, added where they overlap. */
export function imageOfX({ b }: Forms, tiles: Value, plan: Plan): Value {
  const [height, width] = plan;
  const [h = 1, w = 1, , c = 1, n = 1] = tiles.shape.map(Number);
  if (tilesIn(plan) === 1) return b.reshape(tiles, [h, w, c, n]);
  const apart = b.reshape(tiles, [h, w, height.tiles, width.tiles, c * n]);
  const joined = [height, width].reduce((sum, axis, i) => overlapAdded(sum, axis, i), apart);
  const [sh = 1, sw = 1, th = 1, tw = 1] = joined.shape.map(Number);
  const image = b.reshape(b.transpose(joined, [2, 0, 3, 1, 4], 'image'), [th * sh, tw * sw, c, n]);
  const [top, left] = [-firstPixel(height, 0), -firstPixel(width, 0)];
  const { size: rows } = height.live.axis;
  const { size: columns } = width.live.axis;
  const missing = [Math.max(top + rows - th * sh, 0), Math.max(left + columns - tw * sw, 0)] as const;
  const full = b.pad(image, [0, 0, 0, 0, missing[0], missing[1], 0, 0]);
  return b.slice(full, { axes: [0, 1], starts: [top, left], ends: [top + rows, left + columns] }, 'grad');

  /** Tiles of `step` pixels along one axis: what lies beyond is added to the next tile, the last one's to a new one. */
  function overlapAdded(x: Value, { tiles: count, ...axis }: PlanAxis, i: number): Value {
    const step = stepOf(axis);
    const over = axis.length - step;
    if (count === 1 || over <= 0) {
      const gap = count === 1 ? 0 : -over;
      return b.pad(x, [0, 0, 0, 0, 0, ...range(5).map((each) => (each === i ? gap : 0))]);
    }
    const at = (pixels: number, tile: number): number[] =>
      range(5).map((each) => (each === i ? pixels : each === i + 2 ? tile : 0));
    const own = b.slice(x, { axes: [i], starts: [0], ends: [step] });
    const next = b.slice(x, { axes: [i], starts: [step], ends: [axis.length] });
    return b.add(
      b.pad(own, [...at(0, 0), ...at(0, 1)]),
      b.pad(next, [...at(0, 1), ...at(step - over, 0)]),
      'overlap_added',
    );
  }
}

/** Pixels [OH,OW,K,N] of y from its tiles. */
export function imageOfY({ b }: Forms, tiles: Value, plan: Plan): Value {
  const [height, width] = plan;
  const [h = 1, w = 1, , c = 1, n = 1] = tiles.shape.map(Number);
  if (tilesIn(plan) === 1) return b.reshape(tiles, [h, w, c, n]);
  const apart = b.reshape(tiles, [h, w, height.tiles, width.tiles, c * n]);
  const rows = [height.tiles * h, width.tiles * w] as const;
  const image = b.reshape(b.transpose(apart, [2, 0, 3, 1, 4], 'image'), [...rows, c, n]);
  const ends = [height.live.axis.out, width.live.axis.out];
  return ends.every((end, i) => end === rows[i])
    ? image
    : b.slice(image, { axes: [0, 1], starts: [0, 0], ends }, 'image');
}

/** The adjoint: pixels of the gradient that arrives at y, in tiles. */
export function tilesOfY({ b }: Forms, dy: Value, plan: Plan): Value {
  const [height, width] = plan;
  const [oh, ow, c, n] = dims4(dy);
  if (tilesIn(plan) === 1) return b.reshape(dy, [oh, ow, 1, c, n]);
  const [h, w] = [height.y.length, width.y.length];
  const full = b.pad(dy, [0, 0, 0, 0, height.tiles * h - oh, width.tiles * w - ow, 0, 0]);
  const apart = b.reshape(full, [height.tiles, h, width.tiles, w, c * n]);
  return b.reshape(b.transpose(apart, [1, 3, 0, 2, 4], 'tiles'), [h, w, tilesIn(plan), c, n]);
}

/** Pixels of x from one tile to the next. */
function stepOf({ y, live }: Pick<PlanAxis, 'y' | 'live'>): number {
  return y.length * live.axis.stride;
}

/** The first pixel of x in a tile; less than 0 in the zeros before the image. */
function firstPixel(axis: PlanAxis, tile: number): number {
  return axis.tiles === 1 ? 0 : tile * stepOf(axis) - axis.live.axis.before;
}

import type { ConvAttrs } from '../../ops/index.js';
import { axisOf, liveTaps, type LiveTaps } from '../rewrite/taps.js';
import { range } from './forms.js';
import type { Lengths } from './transform.js';

/** One axis of a convolution on circles. */
export interface PlanAxis {
  /** The part of the kernel that ever meets a pixel. */
  readonly live: LiveTaps;
  /** Points round the circle. */
  readonly length: number;
  /**
   * Where on it the pixels of x and of y and the taps lie: y at p is the sum over taps of x at p + tap. Nowhere: a pixel of x
   * that no tap meets.
   */
  readonly x: readonly (number | undefined)[];
  readonly y: readonly number[];
  readonly taps: readonly number[];
  /** Tiles, each a circle of its own: tile t has the pixels of y from t times `y.length` on. */
  readonly tiles: number;
}

/** How a convolution is computed from spectra: of the whole image, or of tiles. */
export type Plan = readonly [height: PlanAxis, width: PlanAxis];

/**
 * The plan of a convolution of pixels h x w of which the first oh x ow results are wanted; `tile`: pixels of y in a tile along
 * both axes.
 */
export function planOf(
  attrs: ConvAttrs,
  [h, w]: readonly [number, number],
  [oh, ow]: readonly [number, number],
  tile = Infinity,
): Plan {
  const axes = [liveTaps(axisOf(attrs, 0, h, oh)), liveTaps(axisOf(attrs, 1, w, ow))] as const;
  const each = (live: LiveTaps): PlanAxis => (tile < live.axis.out ? tiled(live, tile) : whole(live));
  return [each(axes[0]), each(axes[1])];
}

/** Points round both circles. */
export function lengthsOf([height, width]: Plan): Lengths {
  return [height.length, width.length];
}

/** Tiles of the whole image. */
export function tilesIn([height, width]: Plan): number {
  return height.tiles * width.tiles;
}

/** The smallest circle on which a pixel outside of x that a tap meets is none of x on the other way round. */
function whole(live: LiveTaps): PlanAxis {
  const { size, out, kernel, stride, dilation, before } = live.axis;
  const taps = range(kernel).map((tap) => tap * dilation - before);
  const last = (out - 1) * stride + (taps.at(-1) ?? 0);
  const met = Math.min(size, last + 1);
  return {
    ...{ live, length: Math.max(met + before, last + 1), taps, tiles: 1 },
    x: range(size).map((pixel) => (pixel < met ? pixel : undefined)),
    y: range(out).map((pixel) => pixel * stride),
  };
}

/** Tiles with all the pixels of x that they need, zeros around the image too. */
function tiled(live: LiveTaps, tile: number): PlanAxis {
  const { out, kernel, stride, dilation } = live.axis;
  const length = (tile - 1) * stride + (kernel - 1) * dilation + 1;
  return {
    ...{ live, length, x: range(length) },
    y: range(tile).map((pixel) => pixel * stride),
    taps: range(kernel).map((tap) => tap * dilation),
    tiles: Math.ceil(out / tile),
  };
}

import { tilesIn, lengthsOf, planOf, type Plan } from './plan.js';
import type { ConvOperands } from './conv.js';
import { dims4 } from '../rewrite/dims.js';
import { spectrumSize } from './transform.js';

/*
 * What a convolution and its two gradients take, in nanoseconds of one core: rates measured with onnxruntime-web 1.30 on 2 cores
 * of an AMD EPYC (Zen 4). Only which of two forms takes less is of interest.
 */

/** Operations of a matrix product in a nanosecond. */
const PRODUCT_RATE = 33;
/** Operations in a nanosecond of ONNX Runtime's Conv and ConvTranspose, on average over the three. */
const CONV_RATE = 20;
/** For each product of a batch of them. */
const EACH_PRODUCT = 150;
/** For each number that a copy moves. */
const EACH_COPY = 0.3;
/** ONNX Runtime computes products of this many columns at a time. */
export const COLUMNS = 16;

/** What the operators Conv, ConvTranspose and the convolution of swapped axes take. */
export function directCost({ y, w }: ConvOperands): number {
  const [n, k, oh, ow] = dims4(y);
  const [, c, kh, kw] = dims4(w);
  return (3 * 2 * n * k * oh * ow * c * kh * kw) / CONV_RATE;
}

/** What spectra take. */
export function spectralCost({ x, y }: Pick<ConvOperands, 'x' | 'y'>, plan: Plan): number {
  const [n, c] = dims4(x);
  const [, k] = dims4(y);
  const { pairs, perPair } = spectrumSize(lengthsOf(plan));
  const points = pairs * perPair;
  const tiles = tilesIn(plan);
  const transform = (rows: number, columns: number, channels: number): number => {
    const images = tiles * channels * n;
    const copied = tiles > 1 ? 3 * rows * columns : 0;
    return (
      images * ((2 * (2 * pairs * rows * columns + points * 2 * columns)) / PRODUCT_RATE + copied * EACH_COPY)
    );
  };
  const [height, width] = plan;
  const transforms =
    transform(height.x.length, width.x.length, c) + transform(height.y.length, width.y.length, k);
  const product =
    points * tiles * ((2 * k * c * Math.ceil(n / COLUMNS) * COLUMNS) / PRODUCT_RATE + EACH_PRODUCT);
  const weights = points * k * c * ((2 * height.taps.length * width.taps.length) / PRODUCT_RATE + EACH_COPY);
  return 2 * transforms + 3 * product + 2 * weights;
}

/** Pixels along the sides of tiles that are tried, besides the whole image. */
const sides = [4, 6, 8, 12, 16, 24] as const;

/** Spectra of tiles of some size. */
export interface Tiling {
  /** Pixels along the sides of a tile; infinitely many for the whole image. */
  readonly tile: number;
  readonly cost: number;
}

/** The sizes of tiles for the first oh x ow results, those that take least first. */
export function tilings(
  { attrs, x, y }: Pick<ConvOperands, 'attrs' | 'x' | 'y'>,
  [oh, ow]: readonly [number, number],
): readonly [best: Tiling, ...others: Tiling[]] {
  const [, , h, w] = dims4(x);
  const tiling = (tile: number): Tiling => ({
    tile,
    cost: spectralCost({ x, y }, planOf(attrs, [h, w], [oh, ow], tile)),
  });
  const tried = sides.filter((side) => side < Math.max(oh, ow)).map(tiling);
  const [best = tiling(Infinity), ...others] = [...tried, tiling(Infinity)].sort((a, b) => a.cost - b.cost);
  return [best, ...others];
}

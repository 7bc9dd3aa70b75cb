import type { Node, Value } from '../../ir/index.js';
import type { ConvAttrs } from '../../ops/index.js';
import { axisOf, type Axis } from '../rewrite/taps.js';
import { transposed } from './conv.js';
import { dims4 } from '../rewrite/dims.js';
import { convOperands } from '../rewrite/operands.js';
import type { Forms } from './forms.js';
import { firstOf, gridOf, pick, pickPixels, type PixelMap } from './move.js';
import { range } from '../rewrite/range.js';
import { smallFactors, sumLast } from './reduce.js';
import { moved } from './transpose.js';

/** Threads that a weight gradient is spread over, if the batch allows it: fewer leave a GPU idle. */
const ENOUGH_THREADS = 2048;

/** One axis of the correlation that gives the taps' gradients: which of them meet a pixel, and how it is cut out. */
interface Extent {
  /** Pixels of the full transposed convolution that are cut off before and after. */
  readonly pads: readonly [number, number];
  /** Results in order; which of them a tap is, undefined where it meets nothing but padding. */
  readonly count: number;
  readonly taps: readonly (number | undefined)[];
}

/**
 * Gradient of a convolution's weight, [K,C/group,kh,kw]: the correlation of x with dy is the transposed convolution of x,
 * the batch in the place of the channels, with dy as the kernel, one of the two rotated by 180 degrees,
 *
 *     dw[k,c,t] = sum x[n,c,p s + t d - pad] dy[n,k,p]
 *
 * A part of the batch at a time where the weight alone would occupy too few threads.
 */
export function weightGrad(f: Forms, node: Node): Value {
  const { x, y: dy, attrs } = convOperands(node);
  const { b } = f;
  const [kh, kw] = attrs.kernel_shape;
  const [n, channels, h, w] = dims4(x);
  const [, filters, oh, ow] = dims4(dy);
  const xImage = f.nhwc(x);
  const dyImage = attrs.group === 1 ? f.wide(dy) : f.nhwc(dy);
  // As many filters as the kernel's form has, of which those after the node's own see zeros.
  const [, , , kernels] = dims4(dyImage);
  const [c, k] = [channels / attrs.group, kernels / attrs.group];
  if (oh * ow === 1 && h * w === 1 && attrs.group === 1) return ofOnePixel(f, x, dy, attrs);
  const turnX = channels * h * w <= filters * oh * ow;
  const rows = extentOf(axisOf(attrs, 0, h, oh), turnX);
  const columns = extentOf(axisOf(attrs, 1, w, ow), turnX);
  const image = turnX ? turned(f, xImage) : xImage;
  const kernel = turnX ? dyImage : turned(f, dyImage);
  const parts = attrs.group > 1 || k === 1 ? 1 : partsOf(n, (c * rows.count * columns.count * k) / 4);
  // [N,H,W,G C] -> [C,H,W,G N]: each group's images are channels of their own.
  const byChannel =
    attrs.group === 1
      ? moved(b, image, [3, 1, 2, 0], 'by_channel')
      : b.reshape(b.transpose(b.reshape(image, [n, h, w, attrs.group, c]), [4, 1, 2, 3, 0], 'by_channel'), [
          c,
          h,
          w,
          attrs.group * n,
        ]);
  // [N,OH,OW,G K] -> [G N,K,OH,OW]
  const filter =
    attrs.group === 1
      ? moved(b, kernel, [0, 3, 1, 2], 'filter')
      : b.reshape(b.transpose(b.reshape(kernel, [n, oh, ow, attrs.group, k]), [3, 0, 4, 1, 2], 'filter'), [
          attrs.group * n,
          k,
          oh,
          ow,
        ]);
  const groups = attrs.group * parts;
  const result = transposed(f, byChannel, filter, undefined, {
    kernel_shape: [oh, ow],
    strides: [1, 1],
    dilations: attrs.strides,
    pads: [rows.pads[0], columns.pads[0], rows.pads[1], columns.pads[1]],
    output_padding: [0, 0],
    group: groups,
  });
  const size = rows.count * columns.count;
  const map = tapMap(rows, columns);
  if (parts === 1) {
    // [C,taps,K] -> [K,C,taps]
    const taps = moved(b, b.reshape(result, [c, size, kernels]), [2, 0, 1], 'weight_grad');
    return b.reshape(ownTaps(f, taps, filters, map), [filters, c, kh, kw]);
  }
  const byPart = moved(b, b.reshape(result, [c * size, parts, k]), [2, 0, 1], 'by_part');
  const sum = sumLast(f, b.reshape(byPart, [k * c * size, parts]), 'weight_grad');
  return b.reshape(ownTaps(f, b.reshape(sum, [k, c, size]), filters, map), [filters, c, kh, kw]);
}

/** The taps of the node's own filters, of all filters' [K,C,results]. */
function ownTaps(f: Forms, results: Value, filters: number, map: PixelMap): Value {
  return pick(f, firstOf(f, results, 0, filters, 'weight_grad'), 2, map, 'weight_grad');
}

/** One pixel meets one tap: dy^T x, at its place. */
function ofOnePixel(f: Forms, x: Value, dy: Value, attrs: ConvAttrs): Value {
  const { b } = f;
  const [n, c] = dims4(x);
  const [, k] = dims4(dy);
  const [kh, kw] = attrs.kernel_shape;
  const product = b.gemm(
    b.reshape(f.nhwc(dy), [n, k]),
    b.reshape(f.nhwc(x), [n, c]),
    undefined,
    { transA: true },
    'weight_grad',
  );
  const [top, left] = attrs.pads;
  const at = (axis: 0 | 1, pad: number): number => pad / attrs.dilations[axis];
  const place = at(0, top) * kw + at(1, left);
  const map: PixelMap = range(kh * kw).map((tap) => (tap === place ? 0 : undefined));
  return b.reshape(pick(f, b.reshape(product, [k * c, 1]), 1, map, 'weight_grad'), [k, c, kh, kw]);
}

/** An image [N,H,W,C] rotated by 180 degrees. */
function turned(f: Forms, x: Value): Value {
  const [n, h, w, c] = dims4(x);
  return f.b.reshape(pickPixels(f, x, gridOf(range(h, h - 1, -1), range(w, w - 1, -1), [h, w]), 'turned'), [
    n,
    h,
    w,
    c,
  ]);
}

/**
 * With dy rotated the full transposed convolution has dw[t] at t d + (out - 1) s - pad; with x rotated at
 * size - 1 + pad - t d.
 */
function extentOf({ size, out, kernel, stride, dilation, before }: Axis, turnX: boolean): Extent {
  const full = size + (out - 1) * stride;
  const places = range(kernel).map((tap) =>
    turnX ? size - 1 + before - tap * dilation : tap * dilation + (out - 1) * stride - before,
  );
  const live = places.filter((at) => at >= 0 && at < full);
  const [low, high] = [Math.min(...live), Math.max(...live)];
  return {
    pads: [low, full - 1 - high],
    count: high - low + 1,
    taps: places.map((at) => (at >= 0 && at < full ? at - low : undefined)),
  };
}

function tapMap(rows: Extent, columns: Extent): PixelMap {
  return rows.taps.flatMap((i) =>
    columns.taps.map((j) => (i === undefined || j === undefined ? undefined : i * columns.count + j)),
  );
}

/** Into how many parts, of at least four images and fewer than 32, a batch is cut so that all results occupy enough threads. */
function partsOf(n: number, threads: number): number {
  const fits = range(31, 2).filter(
    (parts) => n % parts === 0 && n / parts >= 4 && smallFactors(parts) !== undefined,
  );
  const enough = fits.find((parts) => parts * threads >= ENOUGH_THREADS);
  return threads >= ENOUGH_THREADS ? 1 : (enough ?? fits.at(-1) ?? 1);
}

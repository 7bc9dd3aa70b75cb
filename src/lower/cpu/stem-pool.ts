import { operands } from '../rewrite/operands.js';
import type { Node, Value } from '../../ir/index.js';
import { blockedConv, blockedMaxPool, type BlockedConvAttrs } from './blocked-ops.js';
import type { Forms } from './forms.js';
import { dims4 } from '../rewrite/dims.js';
import { isUndilated, poolAttrs } from './max-pool.js';
import { joinPlaces } from './places.js';

/*
 * Max-pooling whose windows overlap, three pixels every two, as in the stem of the ResNets: first along the columns, then
 * along the rows. The gradient goes to the first row that has the window's maximum, and there to the first column, which is
 * the first maximum in row-major order. ONNX Runtime's own way there, indices and a scatter on one thread, takes four times
 * as long: 46 against 12 ms of a step of ResNet-50 on 8 images of 224x224.
 */

/** Whether the windows are three by three, every two pixels, from one pixel before an image of even sizes. */
export function isStemPool(node: Node): boolean {
  const [x] = node.inputs;
  const { kernel_shape: kernel, strides, pads } = poolAttrs(node);
  if (x?.shape.length !== 4 || !isUndilated(node)) return false;
  const [, , h, w] = dims4(x);
  const [top, left, bottom, right] = pads;
  const isPadded = top === 1 && left === 1 && bottom <= 1 && right <= 1;
  return kernel.join() === '3,3' && strides.join() === '2,2' && isPadded && h % 2 === 0 && w % 2 === 0;
}

/** Maxima along each row of x: [N,C',H,W] -> [N,C',H,W/2]; the gradient wants them again. */
function rowMaxima(f: Forms, x: Value): Value {
  const attrs = { kernel_shape: [1, 3], strides: [1, 2], pads: [0, 1, 0, 0] } as const;
  return f.once(`${x.name} row maxima`, () => f.b.emit(blockedMaxPool, [x], attrs, 'row_max'));
}

/** The pooling of blocked x. */
export function stemPool(f: Forms, node: Node): Value {
  const [x] = operands(node, 1);
  const attrs = { kernel_shape: [3, 1], strides: [2, 1], pads: [1, 0, 0, 0] } as const;
  return f.b.emit(blockedMaxPool, [rowMaxima(f, f.blocked(x))], attrs, 'max_pool');
}

/** Its gradient. */
export function stemPoolGrad(f: Forms, node: Node): Value {
  const [x, y, , dy] = operands(node, 4);
  const image = f.blocked(x);
  const maxima = rowMaxima(f, image);
  const rows = along(f, 2, maxima, f.blocked(y), f.blocked(dy));
  return along(f, 3, image, maxima, rows);
}

/**
 * Gradient of maxima y[k] = max(x[2k-1], x[2k], x[2k+1]) along one axis, 2 or 3, the first maximum first. What belongs to
 * x[2k-1] is kept at place k-1, where x[2k-1] is the odd pixel:
 *
 *     odd0[k-1] = dy[k] where x[2k-1] = y[k],   rest = dy - odd0[k-1],   even = rest where x[2k] = y[k]
 *     dx[2k] = even,   dx[2k+1] = odd0 + rest - even
 */
function along(f: Forms, axis: 2 | 3, x: Value, y: Value, dy: Value): Value {
  const { b } = f;
  const next = (v: Value): Value => taps(f, axis, v, { weights: [0, 1], after: 1 }, 'next');
  // 1 where -v + sum is zero, which is nowhere less; numbers below 3e-39, which are denormal, count in part.
  const isZero = { activation: 'HardSigmoid', activation_params: [-3e38, 1] } as const;
  const isFirst = taps(f, axis, x, { weights: [0, -1], stride: 2, sum: next(y), ...isZero }, 'is_first');
  const first = b.mul(next(dy), isFirst);
  const rest = taps(f, axis, first, { weights: [-1, 0], before: 1, sum: dy }, 'rest');
  const isSecond = taps(f, axis, x, { weights: [-1], stride: 2, sum: y, ...isZero }, 'is_second');
  const even = b.mul(rest, isSecond);
  const odd = b.add(b.sub(rest, even), first);
  const [n, c, h, w] = dims4(x);
  const [, , ph, pw] = dims4(y);
  const grid = axis === 2 ? [[even], [odd]] : [[even, odd]];
  return joinPlaces(f, grid, { n, c, h, w, ph, pw }).join(grid);
}

/** What `taps` does, along its axis. */
interface TapOptions extends Pick<BlockedConvAttrs, 'activation' | 'activation_params'> {
  /** Of one or two pixels. */
  readonly weights: readonly number[];
  readonly stride?: number;
  /** Zeros before and after the image. */
  readonly before?: number;
  readonly after?: number;
  /** Added. */
  readonly sum?: Value;
}

/** A depthwise convolution along one axis whose weights are the same for all channels. */
function taps(f: Forms, axis: 2 | 3, x: Value, options: TapOptions, name: string): Value {
  const { b, block } = f;
  const { weights, stride = 1, before = 0, after = 0, sum, ...activation } = options;
  const [, c] = dims4(x);
  const pair = (value: number, other: number): number[] => (axis === 2 ? [value, other] : [other, value]);
  const kernel = pair(weights.length, 1);
  // One block of channels after the other, and in each block tap by tap.
  const data = Float32Array.from({ length: c * weights.length }, (_, i) => {
    return weights[Math.floor(i / block) % weights.length] ?? 0;
  });
  const w = b.constant({ dtype: 'float32', shape: [c, 1, ...kernel], data }, 'taps');
  const attrs = {
    ...{ kernel_shape: kernel, strides: pair(stride, 1), dilations: [1, 1], group: c },
    ...{ pads: [...pair(before, 0), ...pair(after, 0)] },
    ...activation,
  };
  return b.emit(blockedConv, [x, w, undefined, sum], attrs, name);
}

import type { TensorData, Value } from '../../ir/index.js';
import { ops, type Builder } from '../../ops/index.js';
import { reorderInput } from './blocked-ops.js';
import { dims4 } from '../shared/dims.js';
import { roundUp, swapOuter } from './layout.js';

/**
 * Weights of blocked convolutions. [K,C,kh,kw] lies in memory as [K/b, C/b, kh, kw, b of C, b of K], K and C filled up
 * with zeros to whole blocks; for the first layer (`direct`), which reads plain images, as [K/b, C, kh, kw, b of K].
 */
export function weightShape(
  [k = 1, c = 1, kh = 1, kw = 1]: readonly number[],
  block: number,
  direct: boolean,
): [number, number, number, number] {
  return [roundUp(k, block), direct ? c : roundUp(c, block), kh, kw];
}

/** [K,C,kh,kw] -> the blocked layout. */
export function weightFromPlain(b: Builder, w: Value, block: number, direct: boolean): Value {
  const [k, c, kh, kw] = dims4(w);
  const shape = weightShape([k, c, kh, kw], block, direct);
  const [kp, cp] = shape;
  const padded = b.pad(w, [0, 0, 0, 0, kp - k, cp - c, 0, 0]);
  if (direct) {
    return b.reshape(b.transpose(b.reshape(padded, [kp / block, block, cp, kh, kw]), [0, 2, 3, 4, 1]), shape);
  }
  const split = b.reshape(padded, [kp / block, block, cp / block, block, kh, kw]);
  return b.reshape(b.transpose(split, [0, 2, 4, 5, 3, 1]), shape);
}

/** The blocked layout -> [K,C,kh,kw]. */
export function plainFromWeight(
  b: Builder,
  w: Value,
  [k = 1, c = 1, kh = 1, kw = 1]: readonly number[],
  block: number,
  direct: boolean,
): Value {
  const [kp, cp] = weightShape([k, c, kh, kw], block, direct);
  const whole = direct
    ? b.transpose(b.reshape(w, [kp / block, cp, kh, kw, block]), [0, 4, 1, 2, 3])
    : b.transpose(b.reshape(w, [kp / block, cp / block, kh, kw, block, block]), [0, 5, 1, 4, 2, 3]);
  const shaped = b.reshape(whole, [kp, cp, kh, kw]);
  return kp === k && cp === c ? shaped : b.slice(shaped, { axes: [0, 1], starts: [0, 0], ends: [k, c] });
}

/**
 * Index of w[k,c,i,j] in the blocked layout: with it, weights are converted outside of any graph.
 */
export function weightIndex(
  [k, c, i, j]: readonly [number, number, number, number],
  [, cp, kh, kw]: readonly [number, number, number, number],
  block: number,
  direct: boolean,
): number {
  const [kb, k1] = [Math.floor(k / block), k % block];
  if (direct) return (((kb * cp + c) * kh + i) * kw + j) * block + k1;
  const [cb, c1] = [Math.floor(c / block), c % block];
  return ((((kb * (cp / block) + cb) * kh + i) * kw + j) * block + c1) * block + k1;
}

/** Which taps of a kernel are meant, along each axis. */
export interface Taps {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/**
 * The weight with which a convolution of dy gives dx: in and out exchanged, the kernel turned by 180 degrees,
 * w'[c,k,i,j] = w[k,c,kh-1-i,kw-1-j]; of the taps in `part` alone, if given.
 */
export function turnedWeight(b: Builder, w: Value, block: number, part?: Taps): Value {
  const [kp, cp, kh, kw] = dims4(w);
  const { rows = range(kh), columns = range(kw) } = part ?? {};
  const shape = [cp, kp, rows.length, columns.length];
  const [kb, cb] = [kp / block, cp / block];
  // A b x b square transposed is what ReorderInput makes of b channels of b pixels, on all threads.
  const transposed = (squares: Value): Value => {
    const count = kb * cb * rows.length * columns.length;
    const images = b.reshape(squares, [count, block, 1, block]);
    return b.emit(reorderInput, [images], { channels_last: 0 }, 'transposed');
  };
  if (kh * kw === 1) return swapOuter(b, transposed(w), kb, cb, shape);
  // Choosing taps, turning the kernel and exchanging the outer axes is one permutation of the squares.
  const order = turnedOrder(kb, cb, [kh, kw], { rows, columns });
  const squares = b.reshape(w, [kb * cb * kh * kw, block * block]);
  const turned = b.emit(ops.Gather, [squares, b.constant(order, 'turned_order')], { axis: 0 }, 'turned');
  return b.reshape(transposed(turned), shape);
}

/** Where the squares [kb, cb, kh, kw] of a weight lie that has become [cb, kb, taps], the taps in opposite order. */
function turnedOrder(
  kb: number,
  cb: number,
  [kh, kw]: readonly [number, number],
  { rows, columns }: Taps,
): TensorData {
  const taps = rows.flatMap((row) => columns.map((column) => row * kw + column)).toReversed();
  const order = new Int32Array(kb * cb * taps.length);
  let i = 0;
  for (let c = 0; c < cb; c++)
    for (let k = 0; k < kb; k++) for (const tap of taps) order[i++] = (k * cb + c) * kh * kw + tap;
  return { dtype: 'int32', shape: [order.length], data: order };
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

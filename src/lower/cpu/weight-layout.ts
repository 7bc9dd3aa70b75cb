import { tensorOf, type Value } from '../../ir/index.js';
import { ops, type Builder } from '../../ops/index.js';
import { reorderInput } from './blocked-ops.js';
import { dims4, roundUp, swapOuter } from './layout.js';

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

/**
 * The weight with which a convolution of dy gives dx: in and out exchanged, the kernel turned by 180 degrees,
 * w'[c,k,i,j] = w[k,c,kh-1-i,kw-1-j].
 */
export function turnedWeight(b: Builder, w: Value, block: number): Value {
  const [kp, cp, kh, kw] = dims4(w);
  const [kb, cb, taps] = [kp / block, cp / block, kh * kw];
  const turned = reversedTaps(b, b.reshape(w, [kb * cb, taps, block * block]));
  // A b x b square transposed is what ReorderInput makes of b channels of b pixels, on all threads.
  const squares = b.reshape(turned, [kb * cb * taps, block, 1, block]);
  const transposed = b.emit(reorderInput, [squares], { channels_last: 0 }, 'transposed');
  return swapOuter(b, transposed, kb, cb, [cp, kp, kh, kw]);
}

/** [.., taps, ..] with the taps in opposite order. */
function reversedTaps(b: Builder, w: Value): Value {
  const taps = Number(w.shape[1]);
  if (taps === 1) return w;
  const order = tensorOf(
    'int64',
    [taps],
    Array.from({ length: taps }, (_, i) => taps - 1 - i),
  );
  return b.emit(ops.Gather, [w, b.constant(order, 'reversed')], { axis: 1 }, 'turned');
}

import type { TensorData, Value } from '../../ir/index.js';
import { ops, type Builder } from '../../ops/index.js';
import {
  denseLayout,
  groupsTogether,
  roundUp,
  weightIndex,
  type WeightLayout,
  weightShape,
} from '../layout/weight-layout.js';
import { reorderInput } from './blocked-ops.js';
import { dims4 } from '../rewrite/dims.js';
import { swapOuter } from './layout.js';

/** [K,C,kh,kw] -> its layout. */
export function weightFromPlain(b: Builder, w: Value, block: number, layout: WeightLayout): Value {
  const plain = w.shape.map(Number);
  const together = groupsTogether(plain, block, layout);
  const dense = together === 1 ? w : spreadGroups(b, w, together, layout);
  const [k, c, kh, kw] = dims4(dense);
  const shape = weightShape(plain, block, layout);
  const [kp, cp] = shape;
  const padded = b.pad(dense, [0, 0, 0, 0, kp - k, cp - c, 0, 0]);
  if (layout.direct) {
    return b.reshape(b.transpose(b.reshape(padded, [kp / block, block, cp, kh, kw]), [0, 2, 3, 4, 1]), shape);
  }
  const split = b.reshape(padded, [kp / block, block, cp / block, block, kh, kw]);
  return b.reshape(b.transpose(split, [0, 2, 4, 5, 3, 1]), shape);
}

/** The weight of `together` groups as one: each filter's channels where its group has them, zeros elsewhere. */
function spreadGroups(b: Builder, w: Value, together: number, { group }: WeightLayout): Value {
  const [k, c] = dims4(w);
  const copies = b.concat(
    Array.from({ length: together }, () => w),
    1,
  );
  const data = new Float32Array(k * together * c);
  for (let i = 0; i < k; i++) data.fill(1, ...rangeOf(i, k, c, together, group));
  const shape = [k, together * c, 1, 1];
  return b.mul(copies, b.constant({ dtype: 'float32', shape, data }, 'own_group'), 'by_group');
}

/** Where filter i of k has its own channels in [k, together c]. */
function rangeOf(i: number, k: number, c: number, together: number, group: number): [number, number] {
  const start = (i * together + (Math.floor(i / (k / group)) % together)) * c;
  return [start, start + c];
}

/** Its layout -> [K,C,kh,kw]. */
export function plainFromWeight(
  b: Builder,
  w: Value,
  [k = 1, c = 1, kh = 1, kw = 1]: readonly number[],
  block: number,
  layout: WeightLayout,
): Value {
  const [kp, cp] = weightShape([k, c, kh, kw], block, layout);
  const together = groupsTogether([k, c], block, layout);
  const whole = layout.direct
    ? b.transpose(b.reshape(w, [kp / block, cp, kh, kw, block]), [0, 4, 1, 2, 3])
    : b.transpose(b.reshape(w, [kp / block, cp / block, kh, kw, block, block]), [0, 5, 1, 4, 2, 3]);
  const shaped = b.reshape(whole, [kp, cp, kh, kw]);
  const channels = together * c;
  const exact =
    kp === k && cp === channels
      ? shaped
      : b.slice(shaped, { axes: [0, 1], starts: [0, 0], ends: [k, channels] });
  if (together === 1) return exact;
  // What is not the filter's own is zero.
  const apart = b.reshape(exact, [k, together, c * kh * kw]);
  return b.reshape(b.reduceSum(apart, [1]), [k, c, kh, kw]);
}

/** A weight's gradient in the layout, without what lies between the groups. */
export function ownGroups(
  b: Builder,
  dw: Value,
  plain: readonly number[],
  block: number,
  layout: WeightLayout,
): Value {
  const together = groupsTogether(plain, block, layout);
  if (together === 1) return dw;
  const [, c = 1] = plain;
  const filters = (plain[0] ?? 1) / layout.group;
  const [kp, cp, kh, kw] = dims4(dw);
  // One group of the blocked convolution as all the others: [K/b, C/b, 1, b of C, b of K].
  const count = roundUp(together * filters, block);
  const data = new Float32Array(count * cp);
  for (let k = 0; k < together * filters; k++) {
    for (let n = 0; n < c; n++) {
      const channel = Math.floor(k / filters) * c + n;
      data[weightIndex([k, channel, 0, 0], [count, cp, 1, 1], block, denseLayout)] = 1;
    }
  }
  const blocks = (count * cp) / (block * block);
  const shape = [blocks, 1, block * block];
  const mask = b.constant({ dtype: 'float32', shape, data }, 'own_group');
  const squares = b.reshape(dw, [kp / count, blocks, kh * kw, block * block]);
  return b.reshape(b.mul(squares, mask, 'by_group'), [kp, cp, kh, kw]);
}

/** Which taps of a kernel are meant, along each axis. */
export interface Taps {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/**
 * The weight with which a convolution of dy in `group` groups gives dx: in and out exchanged, the kernel turned by 180
 * degrees, w'[c,k,i,j] = w[k,c,kh-1-i,kw-1-j]; of the taps in `part` alone, if given.
 */
export function turnedWeight(b: Builder, w: Value, block: number, group: number, part?: Taps): Value {
  const [kp, cp, kh, kw] = dims4(w);
  const { rows = range(kh), columns = range(kw) } = part ?? {};
  const shape = [cp * group, kp / group, rows.length, columns.length];
  const [kb, cb] = [kp / group / block, cp / block];
  // A b x b square transposed is what ReorderInput makes of b channels of b pixels, on all threads.
  const transposed = (squares: Value): Value => {
    const count = group * kb * cb * rows.length * columns.length;
    const images = b.reshape(squares, [count, block, 1, block]);
    return b.emit(reorderInput, [images], { channels_last: 0 }, 'transposed');
  };
  if (kh * kw === 1 && group === 1) return swapOuter(b, transposed(w), kb, cb, shape);
  // Choosing taps, turning the kernel and exchanging the outer axes is one permutation of the squares.
  const order = turnedOrder([group, kb, cb], [kh, kw], { rows, columns });
  const squares = b.reshape(w, [group * kb * cb * kh * kw, block * block]);
  const turned = b.emit(ops.Gather, [squares, b.constant(order, 'turned_order')], { axis: 0 }, 'turned');
  return b.reshape(transposed(turned), shape);
}

/** The same of a depthwise convolution, [C/b, 1, kh, kw, b]: only its taps are turned. */
export function turnedDepthwise(b: Builder, w: Value, block: number, part?: Taps): Value {
  const [cp, , kh, kw] = dims4(w);
  const { rows = range(kh), columns = range(kw) } = part ?? {};
  const shape = [cp, 1, rows.length, columns.length];
  if (kh * kw === 1) return w;
  const order = turnedOrder([1, cp / block, 1], [kh, kw], { rows, columns });
  const taps = b.reshape(w, [(cp / block) * kh * kw, block]);
  return b.reshape(
    b.emit(ops.Gather, [taps, b.constant(order, 'turned_order')], { axis: 0 }, 'turned'),
    shape,
  );
}

/** Where the squares [group, kb, cb, kh, kw] of a weight lie that has become [group, cb, kb, taps], the taps in opposite order. */
function turnedOrder(
  [group, kb, cb]: readonly [number, number, number],
  [kh, kw]: readonly [number, number],
  { rows, columns }: Taps,
): TensorData {
  const taps = rows.flatMap((row) => columns.map((column) => row * kw + column)).toReversed();
  const order = new Int32Array(group * kb * cb * taps.length);
  let i = 0;
  for (let p = 0; p < group; p++)
    for (let c = 0; c < cb; c++)
      for (let k = 0; k < kb; k++)
        for (const tap of taps) order[i++] = ((p * kb + k) * cb + c) * kh * kw + tap;
  return { dtype: 'int32', shape: [order.length], data: order };
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

import type { TensorData, Value } from '../../ir/index.js';
import { ops, type Builder } from '../../ops/index.js';
import { reorderInput } from './blocked-ops.js';
import { dims4 } from '../rewrite/dims.js';
import { roundUp, swapOuter } from './layout.js';

/**
 * How the weight of a blocked convolution lies. [K,C,kh,kw] lies in memory as [K/b, C/b, kh, kw, b of C, b of K], K and C
 * filled up with zeros to whole blocks; `direct`, of a convolution that reads plain images or that is depthwise, as
 * [K/b, C, kh, kw, b of K].
 *
 * The weight [K,C/group,kh,kw] of a convolution in `group` groups whose channels fill no blocks is that of fewer, larger
 * groups: `groupsTogether` of them side by side, with zeros where a filter does not see a channel. 32 groups of 4 channels
 * are 8 dense ones of 16, four times the multiplications in vectors that are full.
 */
export interface WeightLayout {
  readonly direct: boolean;
  readonly group: number;
}

/** Of an ordinary convolution. */
export const denseLayout: WeightLayout = { direct: false, group: 1 };

/** Of one that reads plain images, or of a depthwise one. */
export const directLayout: WeightLayout = { direct: true, group: 1 };

/** Whether two layouts are one. */
export function sameLayout(one: WeightLayout, other: WeightLayout): boolean {
  return one.direct === other.direct && one.group === other.group;
}

/**
 * How many groups of a weight [K,C/group,...] lie together: as few as fill whole blocks, on condition that all of them come
 * to as many blocks as K and C have; else all of them.
 */
export function groupsTogether(
  [k = 1, c = 1]: readonly number[],
  block: number,
  { direct, group }: WeightLayout,
): number {
  if (direct || group === 1) return 1;
  const filters = k / group;
  for (let count = 1; count < group; count++) {
    const isWhole = (count * c) % block === 0 && (count * filters) % block === 0;
    const groups = Math.ceil(group / count);
    const fits =
      groups * count * c === roundUp(group * c, block) && groups * count * filters === roundUp(k, block);
    if (isWhole && fits) return count;
  }
  return group;
}

/** The shape of a weight in its layout. */
export function weightShape(
  [k = 1, c = 1, kh = 1, kw = 1]: readonly number[],
  block: number,
  layout: WeightLayout,
): [number, number, number, number] {
  const channels = c * groupsTogether([k, c], block, layout);
  return [roundUp(k, block), layout.direct ? c : roundUp(channels, block), kh, kw];
}

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

/**
 * Index of w[k,c,i,j] in the layout of that shape, c among the channels of the groups that lie together.
 */
export function weightIndex(
  [k, c, i, j]: readonly [number, number, number, number],
  [, cp, kh, kw]: readonly [number, number, number, number],
  block: number,
  { direct }: WeightLayout,
): number {
  const [kb, k1] = [Math.floor(k / block), k % block];
  if (direct) return (((kb * cp + c) * kh + i) * kw + j) * block + k1;
  const [cb, c1] = [Math.floor(c / block), c % block];
  return ((((kb * (cp / block) + cb) * kh + i) * kw + j) * block + c1) * block + k1;
}

/**
 * How a weight is converted outside of any graph: `move` is told, for each filter and channel, where its taps lie in the
 * portable tensor, one after the other, and in the layout, `step` apart.
 */
export function eachFilter(
  shape: readonly number[],
  block: number,
  layout: WeightLayout,
  move: (plain: number, blocked: number, taps: number, step: number) => void,
): void {
  const blocked = weightShape(shape, block, layout);
  const together = groupsTogether(shape, block, layout);
  const [k = 1, c = 1, kh = 1, kw = 1] = shape;
  const filters = k / layout.group;
  for (let o = 0; o < k; o++) {
    const first = (Math.floor(o / filters) % together) * c;
    for (let n = 0; n < c; n++) {
      const start = weightIndex([o, first + n, 0, 0], blocked, block, layout);
      move((o * c + n) * kh * kw, start, kh * kw, layout.direct ? block : block * block);
    }
  }
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

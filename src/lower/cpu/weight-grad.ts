import type { Node, Value } from '../../ir/index.js';
import type { ConvAttrs } from '../../ops/index.js';
import { blockedConv, reorderInput } from './blocked-ops.js';
import type { Forms } from './forms.js';
import { dims4 } from '../shared/dims.js';
import { roundUp, swapOuter } from './layout.js';
import { everyPixel, isPointwise, pointwiseWeightGrad } from './pointwise-grad.js';
import { axisOf, liveTaps, type Axis, type LiveTaps } from '../shared/taps.js';
import { bandCount, inBands } from './virtual-batch.js';
import { widened } from './widen.js';

/**
 * How the gradient of a weight is computed. `batch`: a convolution over the batch, whose dy takes a copy with its outer axes
 * swapped, on one thread; `groups`: one group of it for each block of the batch, which needs no swap but sums the groups'
 * results; `pixel`: see pointwise-grad.ts.
 */
export type WeightGradForm = 'batch' | 'groups' | 'pixel';

/**
 * Gradient of a convolution's weight as a blocked convolution of x with dy, the batch in the place of the channels:
 *
 *     dw[k,c,i,j] = sum over n, p, q of x[n,c,s p + i,s q + j] dy[n,k,p,q]
 *
 * x becomes [C/b, N/b, H, W, b of C, b of N] and is read as an image whose columns are W times b of C: with a dilation
 * of b s along it one row of the result holds all taps of all channels of a block, b kw pixels that the kernel takes
 * six at a time. The result [C/b, K/b, kh, kw, b of C, b of K] is the weight's own blocked layout but for the order of
 * the two outermost axes. 32 -> 32 channels, 5x5 on 12x12, batch 64: 121 GFLOP/s on one core, where the plain swap of
 * axes reaches 60.
 *
 * Returns undefined where a dilation of the weight forbids it; otherwise the weight in blocks (`direct` as there).
 */
export function weightGrad(f: Forms, node: Node, direct: boolean, form: WeightGradForm): Value | undefined {
  const [x, dy] = node.inputs;
  if (x === undefined || dy === undefined) throw new Error(`${node.name} lacks operands`);
  const attrs = node.attrs as unknown as ConvAttrs;
  if (attrs.dilations.some((d) => d !== 1)) return undefined;
  if (form === 'pixel') return pointwiseWeightGrad(f, node);
  if (!direct && isPointwise(node)) {
    // 256 -> 512 channels from 56x56 with stride 2: 36 -> 13 ms of one core, for no band is copied to be skipped.
    const kept = everyPixel(f, f.blocked(x), attrs.strides);
    return weightGradient(f, kept, f.blocked(dy), { ...attrs, strides: [1, 1] }, false, form);
  }
  return weightGradient(f, direct ? f.plain(x) : f.blocked(x), f.blocked(dy), attrs, direct, form);
}

/** The groups that a batch can be in, and what their results come to in comparison with dy. */
export interface BatchGroups {
  readonly count: number;
  readonly share: number;
}

/** For C, K, images and output pixels; C and K as in the lowered tensors. */
export function batchGroups(
  block: number,
  [c, k, kh, kw]: readonly [number, number, number, number],
  [n, , oh, ow]: readonly [number, number, number, number],
): BatchGroups {
  const bands = bandCount(n, oh, block);
  const count = roundUp(n * bands, block) / block;
  const pixels = n * bands * Math.ceil(oh / bands) * ow;
  return k > block ? { count, share: (count * c * kh * kw) / pixels } : { count: 1, share: 0 };
}

/** Swapping the outer axes of dy takes one thread: 4 x 0.1 -> 4 x 0.02 ms in the tutorial's first layer without it. */
export function preferredForm({ count, share }: BatchGroups): 'batch' | 'groups' {
  return count > 1 && 2 * share <= 1 ? 'groups' : 'batch';
}

/** Bytes of a filter that stay in the cache while one row of the result after another is made: half of 32 MB. */
const CACHED = 16e6;

/**
 * More bands for a large image of few channels, so that each group's part of the filter stays in the cache. 7x7 of 3
 * channels, 16 images of 112x112: 24 to 33 -> 16 ms with the copy.
 */
function cachedBands(
  least: number,
  block: number,
  [, k, oh, ow]: readonly [number, number, number, number],
): number {
  let bands = least;
  while (4 * k * block * Math.ceil(oh / bands) * ow > CACHED && 2 * bands <= oh) bands *= 2;
  return bands;
}

/** The same for lowered values: x plain if `direct`, else blocked, and dy blocked. */
export function weightGradient(
  f: Forms,
  x: Value,
  dy: Value,
  attrs: ConvAttrs,
  direct: boolean,
  form?: 'batch' | 'groups',
): Value {
  const [, c, h, w] = dims4(x);
  const [, , fullHeight, ow] = dims4(dy);
  const { b, block } = f;
  const whole = liveTaps(axisOf(attrs, 0, h, fullHeight));
  const columns = liveTaps(axisOf(attrs, 1, w, ow));
  const lanes = direct ? 1 : block;
  const groups = direct ? c : c / block;
  const least = bandCount(dims4(dy)[0], fullHeight, block);
  const count = direct ? cachedBands(least, block, dims4(dy)) : least;
  const bands = inBands(f, x, dy, whole.axis, lanes, count) ?? { x, dy, rows: whole.axis };
  const rows = { ...whole, axis: bands.rows };
  const image = direct ? directImage(f, bands.x, columns.axis) : channelImage(f, bands.x, columns.axis);
  const [virtual, kp, oh] = dims4(bands.dy);
  const groupsOf = batchGroups(block, [c, kp, ...attrs.kernel_shape], dims4(dy));
  const isGrouped = count > least || (form ?? preferredForm(groupsOf)) === 'groups';
  const group = isGrouped ? roundUp(virtual, block) / block : 1;
  const filter = gradientFilter(f, bands.dy, group);
  const { kernel: kh, before, size, stride } = rows.axis;
  // Rows that the stride leaves over give taps that do not exist; they are cut off below.
  const below = Math.max((oh - 1) * stride + kh - size - before, 0);
  const swapped = b.emit(
    blockedConv,
    [image, filter],
    {
      kernel_shape: [oh, ow],
      strides: [1, 1],
      dilations: [stride, columns.axis.stride * lanes],
      pads: [before, 0, below, 0],
      group,
    },
    'weight_grad',
  );
  return arranged(f, summed(f, swapped, group), rows, columns, groups, lanes, [
    kp,
    direct ? c : groups * block,
    ...attrs.kernel_shape,
  ]);
}

/** Blocked x [N,C',H,W] -> [C/b, N', H, W b] in blocks of the batch, with the zeros beside it written out. */
function channelImage(f: Forms, x: Value, axis: Axis): Value {
  const { b, block } = f;
  const right = Math.max((axis.out - 1) * axis.stride + axis.kernel - axis.size - axis.before, 0);
  const wide = widened(f, x, axis.before, right);
  return f.once(`${wide.name} by batch`, () => {
    const [, c, h, w] = dims4(wide);
    const whole = wholeBatch(f, wide);
    const [np] = dims4(whole);
    const flat = b.reshape(whole, [1, np, (c / block) * h, w * block]);
    const lines = b.emit(reorderInput, [flat], { channels_last: 0 }, 'by_batch');
    return swapOuter(b, lines, np / block, c / block, [c / block, np, h, w * block]);
  });
}

/** Plain x [N,C,H,W] -> [C, N', H, W] in blocks of the batch. */
function directImage(f: Forms, x: Value, axis: Axis): Value {
  const { b, block } = f;
  const [, c, h] = dims4(x);
  const right = Math.max((axis.out - 1) * axis.stride + axis.kernel - axis.size - axis.before, 0);
  const whole = wholeBatch(f, b.pad(x, [0, 0, 0, axis.before, 0, 0, 0, right]));
  const [np, , , w] = dims4(whole);
  const lines = b.emit(reorderInput, [b.reshape(whole, [1, np, c * h, w])], { channels_last: 0 }, 'by_batch');
  return swapOuter(b, lines, np / block, c, [c, np, h, w]);
}

/** [C, group K', h, w] -> [C, K', h, w]: the sum of what each group gives. */
function summed({ b }: Forms, x: Value, group: number): Value {
  if (group === 1) return x;
  const [c, k, h, w] = dims4(x);
  const apart = b.reshape(x, [c, group, (k / group) * h * w]);
  return b.reshape(b.reduceSum(apart, [1]), [c, k / group, h, w]);
}

/** Blocked dy [N,K',OH,OW] -> a filter [K', N', OH, OW] that sums over the batch; in groups [group K', b, OH, OW]. */
function gradientFilter(f: Forms, dy: Value, group: number): Value {
  return f.once(`${dy.name} as filter of ${group}`, () => {
    const { b, block } = f;
    const whole = wholeBatch(f, dy);
    const [np, kp, oh, ow] = dims4(whole);
    const inner = (kp / block) * oh * ow;
    // [N/b, b of N, inner, b of K] -> [N/b, inner, b of N, b of K]: ReorderInput moves whole vectors, on all threads.
    const moved = b.emit(
      reorderInput,
      [b.reshape(whole, [np / block, 1, block, inner * block])],
      { channels_last: 1 },
      'filter',
    );
    if (group > 1) return b.reshape(moved, [group * kp, block, oh, ow]);
    return swapOuter(b, moved, np / block, kp / block, [kp, np, oh, ow]);
  });
}

/** Zeros after the last image up to whole blocks. */
function wholeBatch(f: Forms, x: Value): Value {
  const [n] = dims4(x);
  return f.b.pad(x, [0, 0, 0, 0, roundUp(n, f.block) - n, 0, 0, 0]);
}

/** [groups, K', rows, columns lanes] -> the weight's layout, without taps that do not exist, zero where none meets a pixel. */
function arranged(
  f: Forms,
  swapped: Value,
  rows: LiveTaps,
  columns: LiveTaps,
  groups: number,
  lanes: number,
  shape: readonly [number, number, number, number],
): Value {
  const { b, block } = f;
  const [, kp, madeRows, madeColumns] = dims4(swapped);
  const [kh, kw] = [rows.axis.kernel, columns.axis.kernel];
  const blocks = kp / block;
  const madeTaps = madeColumns / lanes;
  let taps = b.reshape(swapped, [groups * blocks, madeRows, madeTaps, lanes * block]);
  if (madeRows !== kh || madeTaps !== kw) {
    taps = b.slice(taps, { axes: [1, 2], starts: [0, 0], ends: [kh, kw] });
  }
  const [, , fullRows, fullColumns] = shape;
  const zeros = [
    rows.first,
    columns.first,
    fullRows - rows.first - kh,
    fullColumns - columns.first - kw,
  ] as const;
  const full = b.pad(taps, [0, zeros[0], zeros[1], 0, 0, zeros[2], zeros[3], 0]);
  return swapOuter(b, full, groups, blocks, shape);
}

import type { Node, Value } from '../../ir/index.js';
import type { ConvAttrs } from '../../ops/index.js';
import { roundUp } from '../layout/weight-layout.js';
import { blockedConv, reorderInput } from './blocked-ops.js';
import type { Forms } from './forms.js';
import { convOperands } from '../rewrite/operands.js';
import { dims4 } from '../rewrite/dims.js';
import { depthwiseWeightGrad } from './depthwise-grad.js';
import { swapOuter } from './layout.js';
import { inPhases } from './phases.js';
import type { Placement } from './placement.js';
import { everyPixel, isPointwise, pointwiseWeightGrad } from './pointwise-grad.js';
import { axisOf, liveTaps, type Axis, type LiveTaps } from '../rewrite/taps.js';
import { bandCount, inBands } from './virtual-batch.js';
import { ownGroups } from './weight-forms.js';
import { widened } from './widen.js';

/**
 * How the gradient of a weight is computed. `batch`: a convolution over the batch, whose dy takes a copy with its outer axes
 * swapped, on one thread; `groups`: one group of it for each block of the batch, which needs no swap but sums the groups'
 * results; `pixel`: see pointwise-grad.ts; `depthwise`: see depthwise-grad.ts.
 */
export type WeightGradForm = 'batch' | 'groups' | 'pixel' | 'depthwise';

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
 * A dilation d of the weight is the stride of that convolution along the rows; along the columns, see phases.ts. In a
 * convolution of groups each group of x meets its own group of dy: they are groups of this one too. The result lies in the
 * weight's layout.
 */
export function weightGrad(f: Forms, node: Node, placement: Placement, form: string): Value {
  const { x, w, y: dy, attrs } = convOperands(node);
  const { isPlain, layout } = placement;
  if (placement.isDepthwise) return depthwiseWeightGrad(f, f.blocked(x), f.blocked(dy), attrs);
  if (form === 'pixel') return pointwiseWeightGrad(f, node);
  const chosen = form === 'groups' ? 'groups' : 'batch';
  const own = (value: Value): Value => ownGroups(f.b, value, w.shape.map(Number), f.block, layout);
  if (!isPlain && isPointwise(node)) {
    // 256 -> 512 channels from 56x56 with stride 2: 36 -> 13 ms of one core, for no band is copied to be skipped.
    const kept = everyPixel(f, f.blocked(x), attrs.strides);
    const every = { ...attrs, strides: [1, 1] } as const;
    return own(weightGradient(f, kept, f.blocked(dy), every, placement, chosen));
  }
  const image = isPlain ? f.plain(x) : f.blocked(x);
  return own(weightGradient(f, image, f.blocked(dy), attrs, placement, chosen));
}

/** The groups that a batch can be in, and what their results come to in comparison with dy. */
export interface BatchGroups {
  readonly count: number;
  readonly share: number;
}

/** For C of one group, K, images and output pixels; C and K as in the lowered tensors. */
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

/** The same for lowered values, x plain or blocked and dy blocked; in a convolution of groups all of C x K of each. */
export function weightGradient(
  f: Forms,
  whole: Value,
  gradient: Value,
  attrs: ConvAttrs,
  { isPlain, group }: Pick<Placement, 'isPlain' | 'group'>,
  form?: 'batch' | 'groups',
): Value {
  const { b, block } = f;
  const [, c, h, w] = dims4(whole);
  const [, , fullHeight, fullWidth] = dims4(gradient);
  const tall = liveTaps(axisOf(attrs, 0, h, fullHeight));
  const { first, axis } = liveTaps(axisOf(attrs, 1, w, fullWidth));
  const dealt = isPlain ? { x: whole, dy: gradient, columns: axis } : inPhases(f, whole, gradient, axis);
  const { x, dy } = dealt;
  const columns = { first, axis: dealt.columns };
  const lanes = isPlain ? 1 : block;
  // Channels, or blocks of them, of one group.
  const inner = c / lanes / group;
  const least = bandCount(dims4(dy)[0], fullHeight, block);
  const count = isPlain ? cachedBands(least, block, dims4(dy)) : least;
  const bands = inBands(f, x, dy, tall.axis, lanes, count) ?? { x, dy, rows: tall.axis };
  const rows = { ...tall, axis: bands.rows };
  const [virtual, kp, oh] = dims4(bands.dy);
  const groupsOf = batchGroups(block, [c / group, kp, ...attrs.kernel_shape], dims4(dy));
  const isGrouped = count > least || (form ?? preferredForm(groupsOf)) === 'groups';
  const parts = isGrouped ? roundUp(virtual, block) / block : 1;
  const image = isPlain
    ? plainImage(f, bands.x, columns.axis)
    : channelImage(f, bands.x, columns.axis, group, parts > 1);
  const filter = gradientFilter(f, bands.dy, parts);
  const { kernel: kh, before, size, stride, dilation } = rows.axis;
  // Rows that the stride leaves over give taps that do not exist; they are cut off below.
  const below = Math.max((oh - 1) * stride + (kh - 1) * dilation + 1 - size - before, 0);
  const swapped = b.emit(
    blockedConv,
    [image, filter],
    {
      kernel_shape: [oh, columns.axis.out],
      strides: [dilation, columns.axis.dilation],
      dilations: [stride, columns.axis.stride * lanes],
      pads: [before, 0, below, 0],
      group: parts * group,
    },
    'weight_grad',
  );
  return arranged(f, summed(f, swapped, parts), rows, columns, inner, lanes, [
    kp,
    inner * lanes,
    ...attrs.kernel_shape,
  ]);
}

/** Columns of zeros after the image, as far as the kernel reaches. */
function zerosAfter({ out, stride, kernel, dilation, size, before }: Axis): number {
  return Math.max((out - 1) * stride + (kernel - 1) * dilation + 1 - size - before, 0);
}

/**
 * Blocked x [N,C',H,W] -> [C/b, N', H, W b] in blocks of the batch, with the zeros beside it written out. In groups, each of
 * C/b: [C/b, group N', H, W b], or `inParts` [C/b, parts group b, H, W b], one part for each block of the batch.
 */
function channelImage(f: Forms, x: Value, axis: Axis, group: number, inParts: boolean): Value {
  const { b, block } = f;
  const wide = widened(f, x, axis.before, zerosAfter(axis));
  return f.once(`${wide.name} by batch ${group} ${inParts}`, () => {
    const [, c, h, w] = dims4(wide);
    const whole = wholeBatch(f, wide);
    const [np] = dims4(whole);
    const flat = b.reshape(whole, [1, np, (c / block) * h, w * block]);
    const lines = b.emit(reorderInput, [flat], { channels_last: 0 }, 'by_batch');
    const inner = c / block / group;
    const shape = [inner, group * np, h, w * block];
    if (group === 1 || inParts || np === block) {
      return swapOuter(b, lines, (np / block) * group, inner, shape);
    }
    const apart = b.reshape(lines, [np / block, group, inner, h * w * block * block]);
    return b.reshape(b.transpose(apart, [2, 1, 0, 3]), shape);
  });
}

/** Plain x [N,C,H,W] -> [C, N', H, W] in blocks of the batch. */
function plainImage(f: Forms, x: Value, axis: Axis): Value {
  const { b, block } = f;
  const [, c, h] = dims4(x);
  const whole = wholeBatch(f, b.pad(x, [0, 0, 0, axis.before, 0, 0, 0, zerosAfter(axis)]));
  const [np, , , w] = dims4(whole);
  const lines = b.emit(reorderInput, [b.reshape(whole, [1, np, c * h, w])], { channels_last: 0 }, 'by_batch');
  return swapOuter(b, lines, np / block, c, [c, np, h, w]);
}

/** [C, parts K', h, w] -> [C, K', h, w]: the sum of what each part of the batch gives. */
function summed({ b }: Forms, x: Value, parts: number): Value {
  if (parts === 1) return x;
  const [c, k, h, w] = dims4(x);
  const apart = b.reshape(x, [c, parts, (k / parts) * h * w]);
  return b.reshape(b.reduceSum(apart, [1]), [c, k / parts, h, w]);
}

/** Blocked dy [N,K',OH,OW] -> a filter [K', N', OH, OW] that sums over the batch; in parts of it [parts K', b, OH, OW]. */
function gradientFilter(f: Forms, dy: Value, parts: number): Value {
  return f.once(`${dy.name} as filter of ${parts}`, () => {
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
    if (parts > 1) return b.reshape(moved, [parts * kp, block, oh, ow]);
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

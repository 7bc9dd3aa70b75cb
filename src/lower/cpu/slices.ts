import type { Node, Value } from '../../ir/index.js';
import { ints, result } from '../rewrite/operands.js';
import { range } from '../rewrite/range.js';
import { roundUp } from '../layout/weight-layout.js';
import { isZeroPad, spreadPixels } from '../rewrite/spread.js';
import type { Context } from './context.js';
import type { Forms, Places } from './forms.js';
import { dims4 } from '../rewrite/dims.js';
import { joinPlaces } from './places.js';

/** A slice of a blocked image: of its pixels, or of whole blocks of channels. Undefined for anything else. */
export function blockedSlice(f: Forms, node: Node): Value | undefined {
  const [x] = node.inputs;
  const [y] = node.outputs;
  if (x?.shape.length !== 4 || y === undefined || !f.isBlocked(x)) return undefined;
  const { b, block } = f;
  const [axes, starts, ends] = [ints(node, 'axes'), ints(node, 'starts'), ints(node, 'ends')];
  const steps = ints(node, 'steps');
  const [n, c, h, w] = dims4(x);
  const [, k, oh, ow] = dims4(y);
  if (axes.every((axis) => axis === 2 || axis === 3) && steps.every((step) => step > 0)) {
    const lines = b.reshape(f.blocked(x), [(n * roundUp(c, f.block)) / block, h, w, block]);
    const part = b.slice(lines, { axes: axes.map((axis) => axis - 1), starts, ends, steps });
    return b.reshape(part, [n, roundUp(c, f.block), oh, ow]);
  }
  const [start = 0] = starts;
  const isWhole = axes.join() === '1' && steps.join() === '1' && start >= 0;
  if (!isWhole || start % block !== 0 || k % block !== 0 || c % block !== 0) return undefined;
  const blocks = b.reshape(f.blocked(x), [n, c / block, h * w * block]);
  const part = b.slice(blocks, { axes: [1], starts: [start / block], ends: [(start + k) / block] });
  return b.reshape(part, [n, k, h, w]);
}

/** Zeros around a blocked image, or before and after its channels in whole blocks. Undefined for anything else. */
export function blockedPad(f: Forms, node: Node): Value | undefined {
  const [x, ...others] = node.inputs;
  const pads = ints(node, 'pads');
  if (x?.shape.length !== 4 || others.length > 0 || !isZeroPad(node) || !f.isBlocked(x)) return undefined;
  const { b, block } = f;
  const [n, c, h, w] = dims4(x);
  const [n0 = 0, c0 = 0, h0 = 0, w0 = 0, n1 = 0, c1 = 0, h1 = 0, w1 = 0] = pads;
  const isWhole = c0 + c1 === 0 || [c, c0, c1].every((channels) => channels % block === 0);
  if (n0 + n1 > 0 || !isWhole) return undefined;
  const groups = roundUp(c, f.block) / block;
  const lines = b.reshape(f.blocked(x), [n, groups, h, w, block]);
  const padded = b.pad(lines, [0, c0 / block, h0, w0, 0, 0, c1 / block, h1, w1, 0]);
  return b.reshape(padded, [n, groups * block + c0 + c1, h + h0 + h1, w + w0 + w1]);
}

/**
 * The gradient of a slice with steps along both axes of an image: dy with zeros inserted between its pixels, which the slice's rule
 * writes as two chains of Reshape, Pad, Reshape, Slice and Pad. It is an image in places, of which only one is not zero.
 */
export function spreadPlaces(context: Context, node: Node): Places | undefined {
  const found = spreadPixels(context, node);
  if (found === undefined) return undefined;
  const { f } = context;
  const { source, rows, columns } = found;
  const [n, c, h, w] = dims4(result(node));
  const [, , ph, pw] = dims4(source);
  const fits = rows.first < rows.stride && columns.first < columns.stride && f.isBlocked(source);
  if (!fits || ph !== Math.ceil(h / rows.stride) || pw !== Math.ceil(w / columns.stride)) return undefined;
  const pixels = f.blocked(source);
  const grid = range(rows.stride).map((i) =>
    range(columns.stride).map((j) => (i === rows.first && j === columns.first ? pixels : undefined)),
  );
  return joinPlaces(f, grid, { n, c: roundUp(c, f.block), h, w, ph, pw });
}

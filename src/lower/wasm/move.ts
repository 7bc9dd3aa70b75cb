import { localName, type Node, type Value } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';
import { ints, result } from '../rewrite/operands.js';
import { isZeroPad, spreadPixels } from '../rewrite/spread.js';
import type { Context } from './context.js';
import { dims4 } from '../rewrite/dims.js';

/** Where the axes of NCHW are in HWCN. */
const axisInPixels = [3, 2, 0, 1] as const;

/** Slices, zero padding and concatenations of images in HWCN; undefined for anything else. */
export function movedHwcn({ f, b }: Context, node: Node): Value | undefined {
  const [x, ...others] = node.inputs;
  if (x?.shape.length !== 4) return undefined;
  const name = localName(node);
  const at = (axis: number): number => axisInPixels[axis] ?? axis;
  switch (node.op.name) {
    case 'Slice': {
      if (!f.isHwcn(x)) return undefined;
      const [starts, ends, steps] = [ints(node, 'starts'), ints(node, 'ends'), ints(node, 'steps')];
      return b.slice(f.hwcn(x), { axes: ints(node, 'axes').map(at), starts, ends, steps }, name);
    }
    case 'Pad': {
      if (!f.isHwcn(x) || others.length > 0 || !isZeroPad(node)) return undefined;
      const pads = ints(node, 'pads');
      const turned = new Array<number>(8).fill(0);
      pads.forEach((pad, i) => {
        turned[at(i % 4) + (i < 4 ? 0 : 4)] = pad;
      });
      return b.pad(f.hwcn(x), turned, name);
    }
    case 'Concat': {
      const images = node.inputs.flatMap((input) => (input === undefined ? [] : [input]));
      if (!images.some((image) => f.isHwcn(image))) return undefined;
      return b.concat(
        images.map((image) => f.hwcn(image)),
        at(Number(node.attrs['axis'])),
        name,
      );
    }
    default:
      return undefined;
  }
}

/** The gradient of a slice with steps: dy with zeros inserted between its pixels. Undefined for anything else. */
export function spreadOfSlice(context: Context, node: Node): Value | undefined {
  const { f, b } = context;
  const found = spreadPixels(context, node);
  if (found === undefined || !f.isHwcn(found.source)) return undefined;
  const { source, rows, columns } = found;
  if (rows.first >= rows.stride || columns.first >= columns.stride) return undefined;
  const [, , h, w] = dims4(result(node));
  return spread(b, f.hwcn(source), {
    strides: [rows.stride, columns.stride],
    first: [rows.first, columns.first],
    size: [h, w],
  });
}

/** Which pixels of an image others are. */
export interface Grid {
  readonly strides: readonly [number, number];
  readonly first: readonly [number, number];
  readonly size: readonly [number, number];
}

/** Pixels [h,w,C,N] on a grid, with zeros between and around: [H,W,C,N]. */
export function spread(b: Builder, x: Value, { strides: [sh, sw], first: [top, left], size }: Grid): Value {
  const [oh, ow, c, n] = dims4(x);
  const apart = b.reshape(x, [oh, 1, ow, 1, c * n]);
  const wide = b.pad(apart, [0, top, 0, left, 0, 0, sh - 1 - top, 0, sw - 1 - left, 0], 'spread');
  const whole = b.reshape(wide, [oh * sh, ow * sw, c, n]);
  const [h, w] = size;
  const cut =
    oh * sh <= h && ow * sw <= w
      ? whole
      : b.slice(whole, { axes: [0, 1], starts: [0, 0], ends: [Math.min(h, oh * sh), Math.min(w, ow * sw)] });
  return b.pad(cut, [0, 0, 0, 0, Math.max(h - oh * sh, 0), Math.max(w - ow * sw, 0), 0, 0]);
}

import { ShapeError } from '../errors.js';
import { formatType, normaliseAxis, type Attrs, type Dim, type TensorType, type Value } from '../ir/index.js';
import { implied, refuseAttr, required } from './attributes.js';
import { defineOp } from './define.js';
import { sameDType } from './expect.js';
import type { Emitter } from './emitter.js';

/** What lies around a tensor: a constant, the nearest element, or the elements mirrored at the outermost one. */
export type PadMode = 'constant' | 'edge' | 'reflect';

/** Attributes of a padding. */
export interface PadAttrs {
  /** All begins, then all ends. */
  readonly pads: readonly number[];
  /** Default `constant`. */
  readonly mode?: PadMode;
}

/** Elements around x: those that `mode` says, or the third input, a scalar, or zeros. */
export const pad = defineOp<'1..3', PadAttrs>({
  name: 'Pad',
  arity: '1..3',
  attributes: { pads: required(), mode: implied('constant', { among: ['constant', 'edge', 'reflect'] }) },
  settle: (attrs, [x]) => settlePads(attrs, x),
  infer([x, , value], { pads, mode = 'constant' }) {
    const rank = x.shape.length;
    if (pads.length !== 2 * rank || pads.some((p) => p < 0)) {
      throw new ShapeError(
        `Pad: expected ${2 * rank} pads of at least 0 for ${formatType(x)}, got [${pads.join(',')}]`,
      );
    }
    sameDType('Pad', x, value);
    if (value !== undefined && (value.shape.some((dim) => dim !== 1) || mode !== 'constant')) {
      throw new ShapeError(
        `Pad: expected one element to pad with in mode constant, got ${formatType(value)} in mode ${mode}`,
      );
    }
    return x.shape.map((dim, i): Dim => {
      const [before, after] = [pads[i] ?? 0, pads[i + rank] ?? 0];
      if (before + after > 0 && typeof dim !== 'number')
        throw new ShapeError(`Pad: axis ${i} of ${formatType(x)} has no known size`);
      if (mode === 'reflect' && Math.max(before, after) >= Number(dim) && before + after > 0) {
        throw new ShapeError(
          `Pad: reflection of axis ${i} of ${formatType(x)} has fewer than ${Math.max(before, after)} elements to mirror`,
        );
      }
      return before + after > 0 ? Number(dim) + before + after : dim;
    });
  },
  gradient({ b, x: [x, , value], dy, attrs: { pads, mode = 'constant' } }) {
    const rank = x.shape.length;
    const axes = x.shape.flatMap((_, i) => ((pads[i] ?? 0) + (pads[i + rank] ?? 0) > 0 ? [i] : []));
    if (mode !== 'constant') {
      return [
        axes.reduce(
          (grad, axis) => folded(b, grad, axis, [pads[axis] ?? 0, pads[axis + rank] ?? 0], mode),
          dy,
        ),
      ];
    }
    const starts = axes.map((axis) => pads[axis] ?? 0);
    const ends = axes.map((axis, i) => (starts[i] ?? 0) + Number(x.shape[axis]));
    const dx = axes.length === 0 ? dy : b.slice(dy, { axes, starts, ends });
    if (value === undefined) return [dx];
    // All that arrives outside x.
    const all = dy.shape.map((_, i) => i);
    return [dx, undefined, b.reshape(b.sub(b.reduceSum(dy, all), b.reduceSum(dx, all)), value.shape)];
  },
  // `axes`, of operator set 18, says which axes the pads are of; a graph names all.
  tensorAttrs: { pads: 1, axes: 3 } as object,
});

function settlePads({ axes, value, ...attrs }: Attrs, x: TensorType | undefined): Attrs {
  // Before operator set 11 the value was an attribute; it is an input now.
  if (value !== undefined && value !== 0) refuseAttr('Pad', 'value', '0', value);
  const { pads } = attrs;
  if (!Array.isArray(axes) || !Array.isArray(pads) || x === undefined) return attrs;
  const rank = x.shape.length;
  const whole = new Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    const at = normaliseAxis(Number(axis), rank, 'Pad');
    whole[at] = Number(pads[i]);
    whole[at + rank] = Number(pads[i + axes.length]);
  });
  return { ...attrs, pads: whole };
}

/**
 * Gradient along one axis: what arrives outside x goes to the elements that were repeated there. At the edge it is summed
 * up; mirrored, it is reversed and added to the elements next to the outermost one.
 */
function folded(
  b: Emitter,
  dy: Value,
  axis: number,
  [before, after]: readonly [number, number],
  mode: Exclude<PadMode, 'constant'>,
): Value {
  const size = Number(dy.shape[axis]) - before - after;
  const part = (start: number, end: number): Value =>
    b.slice(dy, { axes: [axis], starts: [start], ends: [end] });
  const placed = (value: Value, start: number): Value => {
    const pads = new Array<number>(2 * dy.shape.length).fill(0);
    pads[axis] = start;
    pads[axis + dy.shape.length] = size - start - Number(value.shape[axis]);
    return b.pad(value, pads);
  };
  const outside = (start: number, end: number, edge: number, mirrored: number): readonly Value[] => {
    if (start === end) return [];
    const value = part(start, end);
    if (mode === 'edge') return [placed(b.reduceSum(value, [axis], true), edge)];
    const turned = b.slice(value, { axes: [axis], starts: [-1], ends: [start - end - 1], steps: [-1] });
    return [placed(turned, mirrored)];
  };
  return [
    // x[before - i] stands before x, i from `before` down to 1, and x[size - 2 - i] behind it.
    ...outside(0, before, 0, 1),
    ...outside(before + size, before + size + after, size - 1, size - 1 - after),
  ].reduce((sum, value) => b.add(sum, value, 'pad_grad'), part(before, before + size));
}

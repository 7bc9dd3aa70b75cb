import { ShapeError } from '../errors.js';
import { formatType, normaliseAxis, type Attrs, type Shape, type TensorType } from '../ir/index.js';
import { filled, only, refuseAttr, type AttrRules } from './attributes.js';

/** Attributes of a reduction; `keepdims` 1 leaves a 1 where an axis was. */
export interface ReduceAttrs {
  readonly axes: readonly number[];
  readonly keepdims: 0 | 1;
}

/** Their rules. */
export const reduceRules: AttrRules = {
  // ONNX names no axes to reduce all of them.
  axes: filled(([x]) => x?.shape.map((_, axis) => axis)),
  keepdims: filled(1, { among: [0, 1] }),
  noop_with_empty_axes: only(0, 1),
};

/** An empty list in a file means all axes; one that a graph is built with is a mistake. */
export function settleReduce(op: string, attrs: Attrs, opset: number | undefined): Attrs {
  const { axes, ...rest } = attrs;
  const isNamed = Array.isArray(axes) && axes.length > 0;
  if (!isNamed && attrs['noop_with_empty_axes'] === 1) {
    refuseAttr(op, 'noop_with_empty_axes', '0 where no axes are named', 1);
  }
  return isNamed || opset === undefined ? attrs : rest;
}

/** Shape after reducing `axes`. */
export function reducedShape(op: string, x: TensorType, { axes, keepdims }: ReduceAttrs): Shape {
  // Here the axes are always named.
  if (axes.length === 0)
    throw new ShapeError(`${op} of ${formatType(x)}: expected at least one axis, got none`);
  const gone = new Set(axes.map((axis) => normaliseAxis(axis, x.shape.length, op)));
  return keepdims === 1 ? keptShape(x.shape, gone) : x.shape.filter((_, i) => !gone.has(i));
}

/** Shape with a 1 in place of each reduced axis. */
export function keptShape(shape: Shape, axes: ReadonlySet<number> | readonly number[]): Shape {
  const gone = new Set([...axes].map((axis) => (axis < 0 ? axis + shape.length : axis)));
  return shape.map((dim, i) => (gone.has(i) ? 1 : dim));
}

import { ShapeError } from '../errors.js';
import { formatType, normaliseAxis, type Shape, type TensorType } from '../ir/index.js';

/** Attributes of a reduction; `keepdims` 1 leaves a 1 where an axis was. */
export interface ReduceAttrs {
  readonly axes: readonly number[];
  readonly keepdims: 0 | 1;
}

/** Shape after reducing `axes`. */
export function reducedShape(op: string, x: TensorType, { axes, keepdims }: ReduceAttrs): Shape {
  // ONNX reads an empty list as all axes; here the axes are always named.
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

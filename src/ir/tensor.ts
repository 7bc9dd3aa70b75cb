import { ShapeError } from '../errors.js';

/** Element types of values, by their ONNX names. */
export type DType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool';

/**
 * One dimension: a number, or a symbol for a size known only at run time. Symbols may carry a factor, `2*N`. In
 * ort-train the batch is the one symbolic dimension, `N`.
 */
export type Dim = number | string;

/** Dimensions from the outermost to the innermost; `[]` is a scalar. */
export type Shape = readonly Dim[];

/** Type of a value: its element type and its shape. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** The arrays that hold elements of each dtype. Booleans take one byte each. */
export interface TypedArrays {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly uint8: Uint8Array;
  readonly bool: Uint8Array;
}

/** Any array of elements. */
export type TypedArray = TypedArrays[DType];

/** A tensor with its elements, row-major. */
export interface TensorData {
  readonly dtype: DType;
  /** Extents; [] is a scalar. */
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

const symbolTerm = /^(?:(\d+)\*)?([A-Za-z_]\w*)$/;

/** Splits a dimension into its factor and its symbol: `6*N` -> [6, 'N'], 5 -> [5, '']. */
export function splitDim(dim: Dim): readonly [factor: number, symbol: string] {
  if (typeof dim === 'number') return [dim, ''];
  const match = symbolTerm.exec(dim);
  if (match === null)
    throw new ShapeError(`dimension '${dim}': expected a number or a symbol such as N or 2*N`);
  return [Number(match[1] ?? 1), match[2] ?? ''];
}

function joinDim(factor: number, symbol: string): Dim {
  if (symbol === '') return factor;
  return factor === 1 ? symbol : `${factor}*${symbol}`;
}

/** Product of two dimensions, of which at most one may be symbolic. */
export function mulDims(a: Dim, b: Dim): Dim {
  const [fa, sa] = splitDim(a);
  const [fb, sb] = splitDim(b);
  if (sa !== '' && sb !== '')
    throw new ShapeError(`product of the symbolic dimensions ${a} and ${b} is not supported`);
  return joinDim(fa * fb, sa + sb);
}

/** Number of elements; `N`-fold for a batch. */
export function sizeOf(shape: Shape): Dim {
  return shape.reduce<Dim>((product, dim) => mulDims(product, dim), 1);
}

/** Number of elements of a shape without symbols. */
export function staticSize(shape: Shape): number {
  return staticShape(shape).reduce((product, dim) => product * dim, 1);
}

/** The shape as numbers; a symbolic dimension is a ShapeError. */
export function staticShape(shape: Shape): number[] {
  return shape.map((dim) => {
    if (typeof dim === 'string') throw new ShapeError(`expected a static shape, got ${formatShape(shape)}`);
    return dim;
  });
}

/** Whether all dimensions are numbers. */
export function isStatic(shape: Shape): shape is readonly number[] {
  return shape.every((dim) => typeof dim === 'number');
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** `[N,32,24,24]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

/** `float32[N,32,24,24]`. */
export function formatType(type: TensorType): string {
  return `${type.dtype}${formatShape(type.shape)}`;
}

/**
 * Shape of an elementwise result under multidirectional broadcasting.
 * Source: https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md
 */
export function broadcastShapes(a: Shape, b: Shape, where: string): Shape {
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const da = a[i - rank + a.length] ?? 1;
    const db = b[i - rank + b.length] ?? 1;
    if (da !== db && da !== 1 && db !== 1) {
      throw new ShapeError(`${where}: ${formatShape(a)} and ${formatShape(b)} do not broadcast`);
    }
    out.push(da === 1 ? db : da);
  }
  return out;
}

/** Axis counted from the front: -1 is the last. Out of range is a ShapeError. */
export function normaliseAxis(axis: number, rank: number, where: string): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) {
    throw new ShapeError(`${where}: axis ${axis} is out of range for rank ${rank}`);
  }
  return positive;
}

/** The constructor of each dtype's array. */
export const typedArrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** A zero-filled array for `size` elements. */
export function newArray<D extends DType>(dtype: D, size: number): TypedArrays[D] {
  return new typedArrays[dtype](size) as TypedArrays[D];
}

/** A tensor from ordinary numbers. */
export function tensorOf(dtype: DType, shape: readonly number[], values: readonly number[]): TensorData {
  const size = staticSize(shape);
  if (values.length !== size) {
    throw new ShapeError(`tensor ${formatShape(shape)}: expected ${size} elements, got ${values.length}`);
  }
  const data = dtype === 'int64' ? BigInt64Array.from(values, BigInt) : typedArrays[dtype].from(values);
  return { dtype, shape, data };
}

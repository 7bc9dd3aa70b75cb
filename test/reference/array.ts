/** A tensor of float64 numbers, row-major. Integers and booleans (0 or 1) are numbers too. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** The element at `i`; out of range is an error, never a silent 0. */
export function at(data: ArrayLike<number>, i: number): number {
  const value = data[i];
  if (value === undefined) throw new RangeError(`reference: index ${i} of ${data.length}`);
  return value;
}

export function product(dims: readonly number[]): number {
  let size = 1;
  for (const dim of dims) size *= dim;
  return size;
}

export function zeros(shape: readonly number[]): NdArray {
  return { shape, data: new Float64Array(product(shape)) };
}

export function ndarray(shape: readonly number[], values: ArrayLike<number>): NdArray {
  if (product(shape) !== values.length) {
    throw new RangeError(`reference: ${values.length} values for [${shape.join(',')}]`);
  }
  return { shape, data: Float64Array.from(values) };
}

/** An array of that shape, each element made from its coordinates. */
export function generate(shape: readonly number[], element: (index: readonly number[]) => number): NdArray {
  const out = zeros(shape);
  const index = shape.map(() => 0);
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] = element(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = at(index, axis) + 1;
      if (at(index, axis) < at(shape, axis)) break;
      index[axis] = 0;
    }
  }
  return out;
}

/** The element at the coordinates. */
export function element(x: NdArray, index: readonly number[]): number {
  return at(x.data, offset(x.shape, index));
}

/** Row-major position of the coordinates. */
export function offset(shape: readonly number[], index: readonly number[]): number {
  let flat = 0;
  for (let axis = 0; axis < shape.length; axis++) flat = flat * at(shape, axis) + at(index, axis);
  return flat;
}

/** The axis counted from the front. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

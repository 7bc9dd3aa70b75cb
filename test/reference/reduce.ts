import { at, axisOf, element, generate, offset, zeros, type NdArray } from './array.js';
import { input, intAttr, intsAttr, type Kernel, type KernelContext } from './kernel.js';

/** Folds the elements along `axes`; the reduced axes stay as 1. */
function fold(
  x: NdArray,
  axes: readonly number[],
  start: number,
  f: (sum: number, value: number) => number,
): NdArray {
  const gone = new Set(axes.map((axis) => axisOf(axis, x.shape.length)));
  const out = zeros(x.shape.map((length, i) => (gone.has(i) ? 1 : length)));
  out.data.fill(start);
  generate(x.shape, (index) => {
    const to = offset(
      out.shape,
      index.map((i, axis) => (gone.has(axis) ? 0 : i)),
    );
    out.data[to] = f(at(out.data, to), element(x, index));
    return 0;
  });
  return out;
}

function withoutAxes(x: NdArray, axes: readonly number[], rank: number): NdArray {
  const gone = new Set(axes.map((axis) => axisOf(axis, rank)));
  return { shape: x.shape.filter((_, i) => !gone.has(i)), data: x.data };
}

function reduce(
  context: KernelContext,
  start: number,
  f: (sum: number, value: number) => number,
): readonly NdArray[] {
  const x = input(context, 0);
  const axes = intsAttr(context, 'axes');
  const kept = fold(x, axes, start, f);
  return [intAttr(context, 'keepdims') === 1 ? kept : withoutAxes(kept, axes, x.shape.length)];
}

/** x minus ln sum e^x along the axis, the maximum subtracted first. */
function logSoftmax(x: NdArray, axis: number): NdArray {
  const along = axisOf(axis, x.shape.length);
  const top = fold(x, [along], -Infinity, (a, b) => Math.max(a, b));
  const one = (index: readonly number[]): number[] => index.map((i, k) => (k === along ? 0 : i));
  const shifted = generate(x.shape, (index) => element(x, index) - element(top, one(index)));
  const total = fold(shifted, [along], 0, (sum, value) => sum + Math.exp(value));
  return generate(x.shape, (index) => element(shifted, index) - Math.log(element(total, one(index))));
}

/** Index of the first maximum along the axis, which is dropped. */
function argMax(x: NdArray, axis: number): NdArray {
  const along = axisOf(axis, x.shape.length);
  const shape = x.shape.filter((_, i) => i !== along);
  return generate(shape, (index) => {
    let best = 0;
    const value = (i: number): number => element(x, [...index.slice(0, along), i, ...index.slice(along)]);
    for (let i = 1; i < at(x.shape, along); i++) if (value(i) > value(best)) best = i;
    return best;
  });
}

/** Running sum along the axis that the second input names. */
const cumSum: Kernel = (context) => {
  const x = input(context, 0);
  const axis = axisOf(at(input(context, 1).data, 0), x.shape.length);
  const last = intAttr(context, 'exclusive') === 1 ? 0 : 1;
  const sum = (index: readonly number[]): number => {
    let total = 0;
    for (let i = 0; i < at(index, axis) + last; i++) total += element(x, index.with(axis, i));
    return total;
  };
  return [generate(x.shape, sum)];
};

export const reductions: Readonly<Record<string, Kernel>> = {
  ReduceSum: (context) => reduce(context, 0, (a, b) => a + b),
  ReduceMax: (context) => reduce(context, -Infinity, (a, b) => Math.max(a, b)),
  ReduceMean: (context) => {
    const x = input(context, 0);
    const [sum] = reduce(context, 0, (a, b) => a + b);
    if (sum === undefined) throw new TypeError('reference: no sum');
    const count = x.data.length / sum.data.length;
    return [{ shape: sum.shape, data: sum.data.map((v) => v / count) }];
  },
  LogSoftmax: (context) => [logSoftmax(input(context, 0), intAttr(context, 'axis'))],
  Softmax: (context) => {
    const y = logSoftmax(input(context, 0), intAttr(context, 'axis'));
    return [{ shape: y.shape, data: y.data.map(Math.exp) }];
  },
  CumSum: cumSum,
  ArgMax: (context) => {
    const x = input(context, 0);
    const axis = axisOf(intAttr(context, 'axis'), x.shape.length);
    const y = argMax(x, axis);
    return [intAttr(context, 'keepdims') === 1 ? { shape: x.shape.with(axis, 1), data: y.data } : y];
  },
};

import {
  GraphBuilder,
  sameShape,
  sizeOf,
  tensorOf,
  type Attrs,
  type DType,
  type OpDef,
  type Shape,
  type Value,
} from '../ir/index.js';
import { nchw } from './define.js';
import type { ConvAttrs, ConvTransposeAttrs } from './conv-shape.js';
import type { DropoutAttrs } from './dropout-mask.js';
import type { BatchNormResult, Emitter, GemmOptions } from './emitter.js';
import type { BatchNormAttrs, BatchNormState } from './norm-shape.js';
import type { PoolAttrs } from './pool-shape.js';
import { ops, type OpName } from './registry.js';

type Operand = Value | number;

/**
 * Builds graphs from the operators of `ops/`.
 *
 * @example
 * const b = new Builder();
 * const x = b.input('x', 'float32', ['N', 4]);
 * const y = b.relu(b.add(x, 1));
 * const graph = b.finish('shifted', [{ name: 'y', value: y }]);
 */
export class Builder extends GraphBuilder implements Emitter {
  readonly #counts = new Map<string, Value>();

  add = this.#binary('Add');
  sub = this.#binary('Sub');
  mul = this.#binary('Mul');
  div = this.#binary('Div');
  pow = this.#binary('Pow');
  max = this.#binary('Max');
  min = this.#binary('Min');
  equal = this.#binary('Equal');
  greater = this.#binary('Greater');
  less = this.#binary('Less');

  neg = this.#unary('Neg');
  abs = this.#unary('Abs');
  sign = this.#unary('Sign');
  exp = this.#unary('Exp');
  log = this.#unary('Log');
  sqrt = this.#unary('Sqrt');
  reciprocal = this.#unary('Reciprocal');
  erf = this.#unary('Erf');
  relu = this.#unary('Relu');
  sigmoid = this.#unary('Sigmoid');
  tanh = this.#unary('Tanh');
  identity = this.#unary('Identity');
  shapeOf = this.#unary('Shape');
  globalAveragePool = this.#unary('GlobalAveragePool');

  reduceSum = this.#reduce('ReduceSum');
  reduceMean = this.#reduce('ReduceMean');
  reduceMax = this.#reduce('ReduceMax');

  where(condition: Value, a: Operand, b: Operand, name?: string): Value {
    return this.emit(ops.Where, [condition, ...this.#operands(a, b)], {}, name);
  }

  softmax(x: Value, axis: number, name?: string): Value {
    return this.emit(ops.Softmax, [x], { axis }, name);
  }

  logSoftmax(x: Value, axis: number, name?: string): Value {
    return this.emit(ops.LogSoftmax, [x], { axis }, name);
  }

  cast(x: Value, to: DType, name?: string): Value {
    return x.dtype === to ? x : this.emit(ops.Cast, [x], { to }, name);
  }

  argMax(x: Value, axis: number, name?: string): Value {
    return this.emit(ops.ArgMax, [x], { axis, keepdims: 0 }, name);
  }

  count(x: Value, axes: readonly number[]): Value {
    const rank = x.shape.length;
    const positive = axes.map((axis) => (axis < 0 ? axis + rank : axis));
    const dims = positive.map((axis) => x.shape[axis] ?? 1);
    const size = sizeOf(dims);
    if (typeof size === 'number') return this.scalar(size);
    const known = dims.reduce<number>(
      (product, dim) => (typeof dim === 'number' ? product * dim : product),
      1,
    );
    const symbolic = positive.find((axis) => typeof x.shape[axis] === 'string') ?? 0;
    // A symbol has one length in a graph, so that whoever asks first answers for all.
    const key = `${known}*${x.shape[symbolic] ?? ''}`;
    const counted = this.#counts.get(key);
    if (counted !== undefined) return counted;
    const index = this.constant(tensorOf('int64', [], [symbolic]), 'axis');
    const length = this.cast(this.emit(ops.Gather, [this.shapeOf(x), index], { axis: 0 }), 'float32');
    const count = known === 1 ? length : this.mul(length, known);
    this.#counts.set(key, count);
    return count;
  }

  positions(x: Value, axis: number, name?: string): Value {
    const length = x.shape[axis];
    if (typeof length === 'number') {
      const indices = Array.from({ length }, (_, i) => i);
      return this.constant(tensorOf('int32', [length], indices), name ?? 'positions');
    }
    const at = this.constant(tensorOf('int64', [1], [axis]), 'axis');
    const size = this.emit(ops.Gather, [this.shapeOf(x), at], { axis: 0 });
    const ones = this.emit(ops.Expand, [this.scalar(1, 'int32'), size], { shape: [length ?? 1] });
    return this.emit(ops.CumSum, [ones, this.scalar(0, 'int64')], { exclusive: 1 }, name);
  }

  reshape(x: Value, shape: Shape, name?: string): Value {
    return sameShape(x.shape, shape) ? x : this.emit(ops.Reshape, [x], { shape }, name);
  }

  transpose(x: Value, perm: readonly number[], name?: string): Value {
    return perm.every((p, i) => p === i) ? x : this.emit(ops.Transpose, [x], { perm }, name);
  }

  expandLike(x: Value, like: Value, name?: string): Value {
    if (sameShape(x.shape, like.shape)) return x;
    // Broadcasting leaves a symbol alone where x has it already; otherwise its length must come at run time.
    const offset = like.shape.length - x.shape.length;
    const known = like.shape.every((dim, i) => typeof dim === 'number' || x.shape[i - offset] === dim);
    return this.emit(ops.Expand, [x, known ? undefined : this.shapeOf(like)], { shape: like.shape }, name);
  }

  concat(xs: readonly Value[], axis: number, name?: string): Value {
    const [only] = xs;
    return xs.length === 1 && only !== undefined ? only : this.emit(ops.Concat, xs, { axis }, name);
  }

  slice(x: Value, range: Parameters<Emitter['slice']>[1], name?: string): Value {
    const steps = range.steps ?? range.axes.map(() => 1);
    return this.emit(
      ops.Slice,
      [x],
      { starts: range.starts, ends: range.ends, axes: range.axes, steps },
      name,
    );
  }

  pad(x: Value, pads: readonly number[], name?: string): Value {
    return pads.every((p) => p === 0) ? x : this.emit(ops.Pad, [x], { pads }, name);
  }

  matMul(a: Value, b: Value, name?: string): Value {
    return this.emit(ops.MatMul, [a, b], {}, name);
  }

  gemm(
    a: Value,
    b: Value,
    c?: Value,
    { transA = false, transB = false }: GemmOptions = {},
    name?: string,
  ): Value {
    return this.emit(ops.Gemm, [a, b, c], { transA: transA ? 1 : 0, transB: transB ? 1 : 0 }, name);
  }

  conv(x: Value, w: Value, bias: Value | undefined, attrs: ConvAttrs, name?: string): Value {
    return this.emit(ops.Conv, [x, w, bias], { ...attrs }, name);
  }

  convTranspose(x: Value, w: Value, attrs: ConvTransposeAttrs, name?: string, bias?: Value): Value {
    return this.emit(ops.ConvTranspose, [x, w, bias], { ...attrs }, name);
  }

  convInputGrad(
    dy: Value,
    w: Value,
    size: readonly [number, number],
    attrs: ConvAttrs,
    name?: string,
  ): Value {
    return this.emit(ops.ConvInputGrad, [dy, w], { ...attrs, size }, name);
  }

  convWeightGrad(x: Value, dy: Value, attrs: ConvAttrs, name?: string): Value {
    return this.emit(ops.ConvWeightGrad, [x, dy], { ...attrs }, name);
  }

  maxPool(x: Value, attrs: PoolAttrs, name?: string): readonly [y: Value, indices: Value] {
    return this.emitAll(ops.MaxPool, [x], { ...attrs }, name) as [Value, Value];
  }

  maxPoolGrad(x: Value, y: Value, indices: Value, dy: Value, attrs: PoolAttrs, name?: string): Value {
    return this.emit(ops.MaxPoolGrad, [x, y, indices, dy], { ...attrs }, name);
  }

  averagePool(x: Value, attrs: Parameters<Emitter['averagePool']>[1], name?: string): Value {
    const { countIncludePad = true, ...window } = attrs;
    return this.emit(ops.AveragePool, [x], { ...window, count_include_pad: countIncludePad ? 1 : 0 }, name);
  }

  maxUnpool(x: Value, indices: Value, like: Value, name?: string): Value {
    const [, , oh, ow] = nchw('MaxUnpool', x);
    const [, , h, w] = nchw('MaxUnpool', like);
    // The windows only say how large the result is: as large as the image, for then all that ONNX's definition and ONNX
    // Runtime say of an output shape is the same.
    const strides = [Math.floor(h / oh), Math.floor(w / ow)] as const;
    const kernel_shape = [h - (oh - 1) * strides[0], w - (ow - 1) * strides[1]];
    return this.emit(ops.MaxUnpool, [x, indices], { kernel_shape, strides }, name);
  }

  scatterAdd(like: Value, indices: Value, updates: Value, name?: string): Value {
    const flat = (value: Value): Value => this.reshape(value, [sizeOf(value.shape)]);
    const zeros = this.mul(flat(like), 0);
    const sum = this.emit(
      ops.ScatterElements,
      [zeros, flat(indices), flat(updates)],
      { axis: 0, reduction: 'add' },
      name,
    );
    return this.reshape(sum, like.shape);
  }

  batchNormTrain(
    x: Value,
    { scale, bias, mean, variance }: BatchNormState,
    attrs: BatchNormAttrs,
    name?: string,
  ): BatchNormResult {
    const inputs = [x, scale, bias, mean, variance];
    const [y, batchMean, invStd, runningMean, runningVar] = this.emitAll(
      ops.BatchNormTrain,
      inputs,
      { ...attrs },
      name,
    ) as [Value, Value, Value, Value, Value];
    return { y, mean: batchMean, invStd, runningMean, runningVar };
  }

  batchNormGrad(
    x: Value,
    mean: Value,
    invStd: Value,
    scale: Value,
    dy: Value,
    name?: string,
  ): readonly [dx: Value, dscale: Value, dbias: Value] {
    return this.emitAll(ops.BatchNormGrad, [x, mean, invStd, scale, dy], {}, name) as [Value, Value, Value];
  }

  batchNormalization(x: Value, state: BatchNormState, epsilon: number, name?: string): Value {
    const { scale, bias, mean, variance } = state;
    return this.emit(ops.BatchNormalization, [x, scale, bias, mean, variance], { epsilon }, name);
  }

  dropoutMask(x: Value, step: Value, attrs: DropoutAttrs, name?: string): Value {
    return this.emit(ops.DropoutMask, [x, step], { ...attrs }, name);
  }

  #op(name: OpName): OpDef {
    return ops[name];
  }

  #binary(op: OpName): (a: Operand, b: Operand, name?: string) => Value {
    return (a, b, name) => this.emit(this.#op(op), this.#operands(a, b), {}, name);
  }

  #unary(op: OpName): (x: Value, name?: string) => Value {
    return (x, name) => this.emit(this.#op(op), [x], {}, name);
  }

  #reduce(op: OpName): (x: Value, axes: readonly number[], keepDims?: boolean, name?: string) => Value {
    return (x, axes, keepDims = false, name) => {
      const attrs: Attrs = { axes, keepdims: keepDims ? 1 : 0 };
      return this.emit(this.#op(op), [x], attrs, name);
    };
  }

  /** Numbers become scalars of the other operand's dtype. */
  #operands(a: Operand, b: Operand): readonly [Value, Value] {
    const dtype = typeof a === 'object' ? a.dtype : typeof b === 'object' ? b.dtype : 'float32';
    const value = (operand: Operand): Value =>
      typeof operand === 'number' ? this.scalar(operand, dtype) : operand;
    return [value(a), value(b)];
  }
}

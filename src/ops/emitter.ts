import { assert } from '../errors.js';
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
import { nchw } from './expect.js';
import type { ConvAttrs, ConvTransposeAttrs } from './conv-shape.js';
import type { PoolAttrs } from './pool-shape.js';

/** Options of `Emitter.gemm`. */
export interface GemmOptions {
  readonly transA?: boolean;
  readonly transB?: boolean;
}

/** Attributes of batch normalisation in training mode. */
export interface BatchNormAttrs {
  /** Share of the batch's statistics in the new running ones, as in PyTorch (ONNX means one minus it). */
  readonly momentum: number;
  /** Added to the variance under the root. */
  readonly eps: number;
}

/** The tensors of one batch normalisation, each [C]. */
export interface BatchNormState {
  readonly scale: Value;
  readonly bias: Value;
  readonly mean: Value;
  readonly variance: Value;
}

/** Attributes of a dropout mask. */
export interface DropoutAttrs {
  /** Probability of a zero, in [0, 1). */
  readonly ratio: number;
  /** Any int32; each layer has its own. */
  readonly seed: number;
}

/** Results of batch normalisation in training mode. */
export interface BatchNormResult {
  /** Of x's shape. */
  readonly y: Value;
  /** Mean of each channel, [C]. */
  readonly mean: Value;
  /** 1 / sqrt(var + eps) with the biased variance of each channel, [C]. */
  readonly invStd: Value;
  /** The running statistics after this step, [C]. */
  readonly runningMean: Value;
  readonly runningVar: Value;
}

/** What `Emitter.slice` takes: `x[starts:ends:steps]` along `axes`; steps default to 1. */
export interface SliceRange {
  readonly axes: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps?: readonly number[];
}

type Operand = Value | number;

/**
 * What gradient rules, layers and optimizers build with: one method an operator, named as ONNX names it. Shapes follow
 * ONNX; binary operators broadcast; a number stands for a float32 scalar. `name` is the wish for the value's name.
 */
export abstract class Emitter extends GraphBuilder {
  /** Every operator, by its name. */
  protected abstract readonly ops: Readonly<Record<string, OpDef>>;

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
  /** Shape at run time, int64 [rank]. */
  shapeOf = this.#unary('Shape');
  globalAveragePool = this.#unary('GlobalAveragePool');

  softmax = this.#along('Softmax');
  logSoftmax = this.#along('LogSoftmax');

  reduceSum = this.#reduce('ReduceSum');
  reduceMean = this.#reduce('ReduceMean');
  reduceMax = this.#reduce('ReduceMax');

  where(condition: Value, a: Operand, b: Operand, name?: string): Value {
    return this.#emit('Where', [condition, ...this.#operands(a, b)], {}, name);
  }

  cast(x: Value, to: DType, name?: string): Value {
    return x.dtype === to ? x : this.#emit('Cast', [x], { to }, name);
  }

  /** int64 index of the first maximum along `axis`, which is dropped. */
  argMax(x: Value, axis: number, name?: string): Value {
    return this.#emit('ArgMax', [x], { axis, keepdims: 0 }, name);
  }

  /** Number of elements along `axes` as a float32 scalar: a constant where it is known, else computed at run time. */
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
    // A symbol has one length in a graph, so one count serves all.
    const key = `${known}*${x.shape[symbolic] ?? ''}`;
    const counted = this.#counts.get(key);
    if (counted !== undefined) return counted;
    const index = this.constant(tensorOf('int64', [], [symbolic]), 'axis');
    const length = this.cast(this.#emit('Gather', [this.shapeOf(x), index], { axis: 0 }), 'float32');
    const count = known === 1 ? length : this.mul(length, known);
    this.#counts.set(key, count);
    return count;
  }

  /** Positions 0, 1, ... along `axis`, int32 [length of the axis]: a constant where it is known. */
  positions(x: Value, axis: number, name?: string): Value {
    const length = x.shape[axis];
    if (typeof length === 'number') {
      const indices = Array.from({ length }, (_, i) => i);
      return this.constant(tensorOf('int32', [length], indices), name ?? 'positions');
    }
    const at = this.constant(tensorOf('int64', [1], [axis]), 'axis');
    const size = this.#emit('Gather', [this.shapeOf(x), at], { axis: 0 });
    const ones = this.#emit('Expand', [this.scalar(1, 'int32'), size], { shape: [length ?? 1] });
    return this.#emit('CumSum', [ones, this.scalar(0, 'int64')], { exclusive: 1 }, name);
  }

  reshape(x: Value, shape: Shape, name?: string): Value {
    return sameShape(x.shape, shape) ? x : this.#emit('Reshape', [x], { shape }, name);
  }

  transpose(x: Value, perm: readonly number[], name?: string): Value {
    return perm.every((p, i) => p === i) ? x : this.#emit('Transpose', [x], { perm }, name);
  }

  /** Broadcasts `x` to the shape of `like`. */
  expandLike(x: Value, like: Value, name?: string): Value {
    if (sameShape(x.shape, like.shape)) return x;
    // Broadcasting keeps a symbol that x has already; otherwise its length must come at run time.
    const offset = like.shape.length - x.shape.length;
    const known = like.shape.every((dim, i) => typeof dim === 'number' || x.shape[i - offset] === dim);
    return this.#emit('Expand', [x, known ? undefined : this.shapeOf(like)], { shape: like.shape }, name);
  }

  concat(xs: readonly Value[], axis: number, name?: string): Value {
    const [only] = xs;
    return xs.length === 1 && only !== undefined ? only : this.#emit('Concat', xs, { axis }, name);
  }

  /** `x[starts:ends:steps]` along `axes`; steps default to 1. */
  slice(x: Value, range: SliceRange, name?: string): Value {
    const steps = range.steps ?? range.axes.map(() => 1);
    return this.#emit(
      'Slice',
      [x],
      { starts: range.starts, ends: range.ends, axes: range.axes, steps },
      name,
    );
  }

  /** Zero padding; `pads` as in ONNX: all begins, then all ends. */
  pad(x: Value, pads: readonly number[], name?: string): Value {
    return pads.every((p) => p === 0) ? x : this.#emit('Pad', [x], { pads }, name);
  }

  matMul(a: Value, b: Value, name?: string): Value {
    return this.#emit('MatMul', [a, b], {}, name);
  }

  gemm(
    a: Value,
    b: Value,
    c?: Value,
    { transA = false, transB = false }: GemmOptions = {},
    name?: string,
  ): Value {
    return this.#emit('Gemm', [a, b, c], { transA: transA ? 1 : 0, transB: transB ? 1 : 0 }, name);
  }

  conv(x: Value, w: Value, bias: Value | undefined, attrs: ConvAttrs, name?: string): Value {
    return this.#emit('Conv', [x, w, bias], { ...attrs }, name);
  }

  /** Transposed convolution; `output_padding` adds rows and columns at the end. */
  convTranspose(x: Value, w: Value, attrs: ConvTransposeAttrs, name?: string, bias?: Value): Value {
    return this.#emit('ConvTranspose', [x, w, bias], { ...attrs }, name);
  }

  /** Gradient of a convolution's input, whose pixels are `size`. */
  convInputGrad(
    dy: Value,
    w: Value,
    size: readonly [number, number],
    attrs: ConvAttrs,
    name?: string,
  ): Value {
    return this.#emit('ConvInputGrad', [dy, w], { ...attrs, size }, name);
  }

  /** Gradient of a convolution's weight, [K, C/group, kh, kw]. */
  convWeightGrad(x: Value, dy: Value, attrs: ConvAttrs, name?: string): Value {
    return this.#emit('ConvWeightGrad', [x, dy], { ...attrs }, name);
  }

  /** y and the int64 flat index of each maximum. */
  maxPool(x: Value, attrs: PoolAttrs, name?: string): readonly [y: Value, indices: Value] {
    return this.emitAll(this.#op('MaxPool'), [x], { ...attrs }, name) as [Value, Value];
  }

  maxPoolGrad(x: Value, y: Value, indices: Value, dy: Value, attrs: PoolAttrs, name?: string): Value {
    return this.#emit('MaxPoolGrad', [x, y, indices, dy], { ...attrs }, name);
  }

  averagePool(x: Value, attrs: PoolAttrs & { readonly countIncludePad?: boolean }, name?: string): Value {
    const { countIncludePad = true, ...window } = attrs;
    return this.#emit('AveragePool', [x], { ...window, count_include_pad: countIncludePad ? 1 : 0 }, name);
  }

  /** Writes each element of `x` at the flat index of `indices`, no two at one, into zeros of the shape of `like`. */
  maxUnpool(x: Value, indices: Value, like: Value, name?: string): Value {
    const [, , oh, ow] = nchw('MaxUnpool', x);
    const [, , h, w] = nchw('MaxUnpool', like);
    // The windows only say how large the result is: as large as the image, where ONNX's definition and ONNX Runtime agree
    // on the output shape.
    const strides = [Math.floor(h / oh), Math.floor(w / ow)] as const;
    const kernel_shape = [h - (oh - 1) * strides[0], w - (ow - 1) * strides[1]];
    return this.#emit('MaxUnpool', [x, indices], { kernel_shape, strides }, name);
  }

  /** zeros(like).flat[indices] += updates, of the shape of `like`. */
  scatterAdd(like: Value, indices: Value, updates: Value, name?: string): Value {
    const flat = (value: Value): Value => this.reshape(value, [sizeOf(value.shape)]);
    const zeros = this.mul(flat(like), 0);
    const sum = this.#emit(
      'ScatterElements',
      [zeros, flat(indices), flat(updates)],
      { axis: 0, reduction: 'add' },
      name,
    );
    return this.reshape(sum, like.shape);
  }

  /** Normalises with the statistics of the batch; `state` holds the running ones before the step. */
  batchNormTrain(
    x: Value,
    { scale, bias, mean, variance }: BatchNormState,
    attrs: BatchNormAttrs,
    name?: string,
  ): BatchNormResult {
    const inputs = [x, scale, bias, mean, variance];
    const [y, batchMean, invStd, runningMean, runningVar] = this.emitAll(
      this.#op('BatchNormTrain'),
      inputs,
      { ...attrs },
      name,
    ) as [Value, Value, Value, Value, Value];
    return { y, mean: batchMean, invStd, runningMean, runningVar };
  }

  /** Gradients of `batchNormTrain`. */
  batchNormGrad(
    x: Value,
    mean: Value,
    invStd: Value,
    scale: Value,
    dy: Value,
    name?: string,
  ): readonly [dx: Value, dscale: Value, dbias: Value] {
    return this.emitAll(this.#op('BatchNormGrad'), [x, mean, invStd, scale, dy], {}, name) as [
      Value,
      Value,
      Value,
    ];
  }

  /** Normalises with the statistics of `state`. */
  batchNormalization(x: Value, state: BatchNormState, epsilon: number, name?: string): Value {
    const { scale, bias, mean, variance } = state;
    return this.#emit('BatchNormalization', [x, scale, bias, mean, variance], { epsilon }, name);
  }

  /** Zeros and 1 / (1 - ratio), a function of seed, step (int32 scalar) and position. */
  dropoutMask(x: Value, step: Value, attrs: DropoutAttrs, name?: string): Value {
    return this.#emit('DropoutMask', [x, step], { ...attrs }, name);
  }

  #emit(op: string, inputs: readonly (Value | undefined)[], attrs: Attrs = {}, name?: string): Value {
    return this.emit(this.#op(op), inputs, attrs, name);
  }

  #op(name: string): OpDef {
    const op = this.ops[name];
    assert(op, `no operator is called ${name}`);
    return op;
  }

  #binary(op: string): (a: Operand, b: Operand, name?: string) => Value {
    return (a, b, name) => this.#emit(op, this.#operands(a, b), {}, name);
  }

  #unary(op: string): (x: Value, name?: string) => Value {
    return (x, name) => this.#emit(op, [x], {}, name);
  }

  #along(op: string): (x: Value, axis: number, name?: string) => Value {
    return (x, axis, name) => this.#emit(op, [x], { axis }, name);
  }

  #reduce(op: string): (x: Value, axes: readonly number[], keepDims?: boolean, name?: string) => Value {
    return (x, axes, keepDims = false, name) => {
      const attrs: Attrs = { axes, keepdims: keepDims ? 1 : 0 };
      return this.#emit(op, [x], attrs, name);
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

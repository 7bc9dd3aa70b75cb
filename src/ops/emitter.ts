import type { DType, Shape, TensorData, Value } from '../ir/index.js';
import type { ConvAttrs, ConvTransposeAttrs } from './conv-shape.js';
import type { DropoutAttrs } from './dropout-mask.js';
import type { BatchNormAttrs, BatchNormState } from './norm-shape.js';
import type { PoolAttrs } from './pool-shape.js';

/** Options of `Emitter.gemm`. */
export interface GemmOptions {
  readonly transA?: boolean;
  readonly transB?: boolean;
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

/**
 * What gradient rules, layers and optimizers build with: one method an operator, named as ONNX names it. Shapes follow
 * ONNX; binary operators broadcast; a number stands for a float32 scalar. `name` is the wish for the value's name.
 */
export interface Emitter {
  constant(tensor: TensorData, name?: string): Value;
  scalar(value: number, dtype?: DType): Value;

  add(a: Value | number, b: Value | number, name?: string): Value;
  sub(a: Value | number, b: Value | number, name?: string): Value;
  mul(a: Value | number, b: Value | number, name?: string): Value;
  div(a: Value | number, b: Value | number, name?: string): Value;
  pow(a: Value | number, b: Value | number, name?: string): Value;
  max(a: Value | number, b: Value | number, name?: string): Value;
  min(a: Value | number, b: Value | number, name?: string): Value;
  equal(a: Value | number, b: Value | number, name?: string): Value;
  greater(a: Value | number, b: Value | number, name?: string): Value;
  less(a: Value | number, b: Value | number, name?: string): Value;
  where(condition: Value, a: Value | number, b: Value | number, name?: string): Value;

  neg(x: Value, name?: string): Value;
  abs(x: Value, name?: string): Value;
  sign(x: Value, name?: string): Value;
  exp(x: Value, name?: string): Value;
  log(x: Value, name?: string): Value;
  sqrt(x: Value, name?: string): Value;
  reciprocal(x: Value, name?: string): Value;
  erf(x: Value, name?: string): Value;
  relu(x: Value, name?: string): Value;
  sigmoid(x: Value, name?: string): Value;
  tanh(x: Value, name?: string): Value;
  identity(x: Value, name?: string): Value;
  softmax(x: Value, axis: number, name?: string): Value;
  logSoftmax(x: Value, axis: number, name?: string): Value;
  cast(x: Value, to: DType, name?: string): Value;

  reduceSum(x: Value, axes: readonly number[], keepDims?: boolean, name?: string): Value;
  reduceMean(x: Value, axes: readonly number[], keepDims?: boolean, name?: string): Value;
  reduceMax(x: Value, axes: readonly number[], keepDims?: boolean, name?: string): Value;
  /** int64 index of the first maximum along `axis`, which is dropped. */
  argMax(x: Value, axis: number, name?: string): Value;
  /** Number of elements along `axes` as a float32 scalar: a constant where it is known, else computed at run time. */
  count(x: Value, axes: readonly number[]): Value;
  /** Positions 0, 1, ... along `axis`, int32 [length of the axis]: a constant where it is known. */
  positions(x: Value, axis: number, name?: string): Value;
  /** Shape at run time, int64 [rank]. */
  shapeOf(x: Value, name?: string): Value;

  reshape(x: Value, shape: Shape, name?: string): Value;
  transpose(x: Value, perm: readonly number[], name?: string): Value;
  /** Broadcasts `x` to the shape of `like`. */
  expandLike(x: Value, like: Value, name?: string): Value;
  concat(xs: readonly Value[], axis: number, name?: string): Value;
  /** `x[starts:ends:steps]` along `axes`; steps default to 1. */
  slice(
    x: Value,
    range: {
      readonly axes: readonly number[];
      readonly starts: readonly number[];
      readonly ends: readonly number[];
      readonly steps?: readonly number[];
    },
    name?: string,
  ): Value;
  /** Zero padding; `pads` as in ONNX: all begins, then all ends. */
  pad(x: Value, pads: readonly number[], name?: string): Value;

  matMul(a: Value, b: Value, name?: string): Value;
  gemm(a: Value, b: Value, c?: Value, options?: GemmOptions, name?: string): Value;
  conv(x: Value, w: Value, bias: Value | undefined, attrs: ConvAttrs, name?: string): Value;
  /** Transposed convolution; `output_padding` adds rows and columns at the end. */
  convTranspose(x: Value, w: Value, attrs: ConvTransposeAttrs, name?: string, bias?: Value): Value;
  /** Gradient of a convolution's input, whose pixels are `size`. */
  convInputGrad(dy: Value, w: Value, size: readonly [number, number], attrs: ConvAttrs, name?: string): Value;
  /** Gradient of a convolution's weight, [K, C/group, kh, kw]. */
  convWeightGrad(x: Value, dy: Value, attrs: ConvAttrs, name?: string): Value;
  /** y and the int64 flat index of each maximum. */
  maxPool(x: Value, attrs: PoolAttrs, name?: string): readonly [y: Value, indices: Value];
  maxPoolGrad(x: Value, y: Value, indices: Value, dy: Value, attrs: PoolAttrs, name?: string): Value;
  averagePool(x: Value, attrs: PoolAttrs & { readonly countIncludePad?: boolean }, name?: string): Value;
  globalAveragePool(x: Value, name?: string): Value;
  /** Writes each element of `x` at the flat index of `indices`, no two at one, into zeros of the shape of `like`. */
  maxUnpool(x: Value, indices: Value, like: Value, name?: string): Value;
  /** zeros(like).flat[indices] += updates, of the shape of `like`. */
  scatterAdd(like: Value, indices: Value, updates: Value, name?: string): Value;

  /** Normalises with the statistics of the batch; `state` holds the running ones before the step. */
  batchNormTrain(x: Value, state: BatchNormState, attrs: BatchNormAttrs, name?: string): BatchNormResult;
  /** Gradients of `batchNormTrain`. */
  batchNormGrad(
    x: Value,
    mean: Value,
    invStd: Value,
    scale: Value,
    dy: Value,
    name?: string,
  ): readonly [dx: Value, dscale: Value, dbias: Value];
  /** Normalises with the statistics of `state`. */
  batchNormalization(x: Value, state: BatchNormState, eps: number, name?: string): Value;
  /** Zeros and 1 / (1 - ratio), a function of seed, step (int32 scalar) and position. */
  dropoutMask(x: Value, step: Value, attrs: DropoutAttrs, name?: string): Value;
}

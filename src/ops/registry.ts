import { abs } from './abs.js';
import { add } from './add.js';
import { argMax } from './arg-max.js';
import { averagePool } from './average-pool.js';
import { batchNormGrad } from './batch-norm-grad.js';
import { batchNormTrain } from './batch-norm-train.js';
import { batchNormalization } from './batch-normalization.js';
import { bundleGet } from './bundle-get.js';
import { bundlePack } from './bundle-pack.js';
import { cast } from './cast.js';
import { concat } from './concat.js';
import { convInputGrad } from './conv-input-grad.js';
import { convTranspose } from './conv-transpose.js';
import { convWeightGrad } from './conv-weight-grad.js';
import { conv } from './conv.js';
import { cumSum } from './cum-sum.js';
import { div } from './div.js';
import { dropoutMask } from './dropout-mask.js';
import { equal } from './equal.js';
import { erf } from './erf.js';
import { exp } from './exp.js';
import { expand } from './expand.js';
import { gather } from './gather.js';
import { gemm } from './gemm.js';
import { globalAveragePool } from './global-average-pool.js';
import { greater } from './greater.js';
import { identity } from './identity.js';
import { less } from './less.js';
import { logSoftmax } from './log-softmax.js';
import { log } from './log.js';
import { matMul } from './mat-mul.js';
import { maxPoolGrad } from './max-pool-grad.js';
import { maxPool } from './max-pool.js';
import { maxUnpool } from './max-unpool.js';
import { max } from './max.js';
import { min } from './min.js';
import { mul } from './mul.js';
import { neg } from './neg.js';
import { pad } from './pad.js';
import { pow } from './pow.js';
import { reciprocal } from './reciprocal.js';
import { reduceMax } from './reduce-max.js';
import { reduceMean } from './reduce-mean.js';
import { reduceSum } from './reduce-sum.js';
import { relu } from './relu.js';
import { reshape } from './reshape.js';
import { scatterElements } from './scatter-elements.js';
import { shapeOf } from './shape-of.js';
import { sigmoid } from './sigmoid.js';
import { sign } from './sign.js';
import { slice } from './slice.js';
import { softmax } from './softmax.js';
import { sqrt } from './sqrt.js';
import { sub } from './sub.js';
import { tanh } from './tanh.js';
import { transpose } from './transpose.js';
import { where } from './where.js';
import type { Op } from './define.js';

/** Every operator, by its name. An operator without a gradient answer does not compile: `defineOp` demands one. */
export const ops = {
  Abs: abs,
  Add: add,
  ArgMax: argMax,
  AveragePool: averagePool,
  BatchNormalization: batchNormalization,
  BatchNormGrad: batchNormGrad,
  BatchNormTrain: batchNormTrain,
  BundleGet: bundleGet,
  BundlePack: bundlePack,
  Cast: cast,
  Concat: concat,
  ConvInputGrad: convInputGrad,
  ConvTranspose: convTranspose,
  ConvWeightGrad: convWeightGrad,
  Conv: conv,
  CumSum: cumSum,
  Div: div,
  DropoutMask: dropoutMask,
  Equal: equal,
  Erf: erf,
  Exp: exp,
  Expand: expand,
  Gather: gather,
  Gemm: gemm,
  GlobalAveragePool: globalAveragePool,
  Greater: greater,
  Identity: identity,
  Less: less,
  LogSoftmax: logSoftmax,
  Log: log,
  MatMul: matMul,
  MaxPoolGrad: maxPoolGrad,
  MaxPool: maxPool,
  MaxUnpool: maxUnpool,
  Max: max,
  Min: min,
  Mul: mul,
  Neg: neg,
  Pad: pad,
  Pow: pow,
  Reciprocal: reciprocal,
  ReduceMax: reduceMax,
  ReduceMean: reduceMean,
  ReduceSum: reduceSum,
  Relu: relu,
  Reshape: reshape,
  ScatterElements: scatterElements,
  Shape: shapeOf,
  Sigmoid: sigmoid,
  Sign: sign,
  Slice: slice,
  Softmax: softmax,
  Sqrt: sqrt,
  Sub: sub,
  Tanh: tanh,
  Transpose: transpose,
  Where: where,
} as const satisfies Readonly<Record<string, Op>>;

/** Name of an operator. */
export type OpName = keyof typeof ops;

import * as v from 'valibot';
import type { Value } from '../ir/index.js';
import type { Builder } from '../ops/index.js';
import { OptionError } from '../errors.js';
import {
  checked,
  flag,
  fromZero,
  number,
  object,
  optional,
  positive,
  said,
  tuple,
  variant,
} from '../schema.js';

const share = (): v.GenericSchema<number> => number({ min: 0, below: 1 });
const moments = {
  betas: optional(
    said(tuple([share(), share()], 'two numbers'), 'decay rates of the two moments, as 0.9,0.999'),
    [0.9, 0.999],
  ),
  eps: optional(said(positive(), 'added to the denominator'), 1e-8),
};
const weightDecay = said(
  fromZero(),
  'L2 penalty (adam, sgd); share of the weight that a step takes away, times the learning rate (adamw)',
);

/** Adam and its hyperparameters. Source: https://arxiv.org/abs/1412.6980 */
const adamSchema = object({ kind: v.literal('adam'), ...moments, weightDecay: optional(weightDecay, 0) });

/** Adam with decoupled weight decay. Source: https://arxiv.org/abs/1711.05101 */
const adamWSchema = object({
  kind: v.literal('adamw'),
  ...moments,
  weightDecay: optional(weightDecay, 0.01),
});

/** Stochastic gradient descent. Source: https://pytorch.org/docs/stable/generated/torch.optim.SGD.html */
const sgdSchema = object({
  kind: v.literal('sgd'),
  momentum: optional(said(share(), 'momentum'), 0),
  nesterov: optional(said(flag(), 'Nesterov momentum'), false),
  weightDecay: optional(weightDecay, 0),
});

/** An optimizer; its learning rate is not part of it but an input of every step. */
export const optimizerSchema = variant('kind', [adamSchema, adamWSchema, sgdSchema]);

export type AdamOptions = v.InferInput<typeof adamSchema>;
export type AdamWOptions = v.InferInput<typeof adamWSchema>;
export type SgdOptions = v.InferInput<typeof sgdSchema>;

/**
 * An optimizer and its hyperparameters, as `{ kind: 'adam', betas: [0.9, 0.99] }`. Adam: betas 0.9 and 0.999, eps 1e-8,
 * weightDecay 0 (adamw: 0.01). SGD: momentum, nesterov and weightDecay, off unless given.
 */
export type OptimizerOptions = v.InferInput<typeof optimizerSchema>;

/** What an optimizer step starts from; all vectors are flat, [P]. */
export interface OptimizerInputs {
  readonly params: Value;
  readonly grad: Value;
  /** One vector for each of `optimizerSlots`. */
  readonly slots: readonly Value[];
  /** Learning rate, float32 scalar. */
  readonly lr: Value;
  /** Number of this step, counted from 1, float32 scalar: exact up to 2^24 steps. */
  readonly step: Value;
}

/** What an optimizer step ends with. */
export interface OptimizerOutputs {
  readonly params: Value;
  readonly slots: readonly Value[];
}

/** Names of the vectors that an optimizer keeps beside the parameters. */
export function optimizerSlots(options: OptimizerOptions): readonly string[] {
  if (options.kind !== 'sgd') return ['first_moment', 'second_moment'];
  return (options.momentum ?? 0) === 0 ? [] : ['momentum'];
}

/** With all hyperparameters. Throws OptionError for an unknown optimizer, and for what is outside its range. */
function filledIn(options: OptimizerOptions): v.InferOutput<typeof optimizerSchema> {
  const filled = checked(optimizerSchema, options, 'optimizer');
  if (filled.kind === 'sgd' && filled.nesterov && filled.momentum === 0) {
    throw new OptionError('optimizer: momentum: expected more than 0 for Nesterov momentum, got 0');
  }
  return filled;
}

/** Throws OptionError for an optimizer that does not exist, or hyperparameters outside their range. */
export function checkOptimizer(options: OptimizerOptions): void {
  filledIn(options);
}

/**
 * Appends one optimizer step to the graph.
 *
 * @example
 * const next = optimizerStep(b, { kind: 'adam' }, { params, grad, slots: [m, v], lr, step });
 */
export function optimizerStep(
  b: Builder,
  options: OptimizerOptions,
  inputs: OptimizerInputs,
): OptimizerOutputs {
  const filled = filledIn(options);
  return b.scope(filled.kind, () =>
    filled.kind === 'sgd' ? sgd(b, filled, inputs) : adam(b, filled, inputs),
  );
}

// m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,  p = p - lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps)
function adam(
  b: Builder,
  options: Required<AdamOptions | AdamWOptions>,
  inputs: OptimizerInputs,
): OptimizerOutputs {
  const { lr, step, slots } = inputs;
  const [m, v] = slots;
  if (m === undefined || v === undefined) throw new OptionError('adam: expected two slots, got fewer');
  const decoupled = options.kind === 'adamw';
  const {
    betas: [b1, b2],
    eps,
    weightDecay,
  } = options;
  const grad = decoupled ? inputs.grad : withPenalty(b, inputs, weightDecay);
  const params =
    decoupled && weightDecay > 0 ? b.mul(inputs.params, b.sub(1, b.mul(lr, weightDecay))) : inputs.params;
  const m2 = b.add(b.mul(m, b1), b.mul(grad, 1 - b1));
  const v2 = b.add(b.mul(v, b2), b.mul(b.mul(grad, grad), 1 - b2));
  const rate = b.div(lr, biasCorrection(b, b1, step));
  const scale = b.sqrt(biasCorrection(b, b2, step));
  const update = b.div(b.mul(m2, rate), b.add(b.div(b.sqrt(v2), scale), eps));
  return { params: b.sub(params, update), slots: [m2, v2] };
}

/**
 * 1 - beta^t to full relative precision in float32 alone: no GPU computes Pow in float64, and in float32 1 - 0.999^t
 * would lose four digits at the first steps. With y = -t ln beta it is
 *
 *     1 - e^-y                       for y >= 0.4, where the subtraction costs less than two bits,
 *     2 T / (1 + T), T = tanh(y/2)   below, with T's continued fraction z / (1 + z^2 / (3 + z^2 / 5)), z = y/2:
 *     n / (60 + 6 y^2 + n / 2)       with n = y (60 + y^2), off by less than 2e-7 of itself, rounding included.
 *
 * The operator Tanh does not help: ONNX Runtime's WebGPU kernel computes it as (1 - e^-2z) / (1 + e^-2z).
 */
export function biasCorrection(b: Builder, beta: number, step: Value): Value {
  if (beta === 0) return b.scalar(1);
  const y = b.mul(step, -Math.log(beta));
  const square = b.mul(y, y);
  const n = b.mul(y, b.add(square, 60));
  const small = b.div(n, b.add(b.add(b.mul(square, 6), 60), b.mul(n, 0.5)));
  return b.where(b.less(y, 0.4), small, b.sub(1, b.exp(b.neg(y))), 'bias_correction');
}

// u = mu u + g,  p = p - lr u; with Nesterov p = p - lr (g + mu u)
function sgd(b: Builder, options: Required<SgdOptions>, inputs: OptimizerInputs): OptimizerOutputs {
  const { momentum, nesterov, weightDecay } = options;
  const { params, lr, slots } = inputs;
  const grad = withPenalty(b, inputs, weightDecay);
  const [u] = slots;
  if (momentum === 0 || u === undefined) return { params: b.sub(params, b.mul(grad, lr)), slots: [] };
  const u2 = b.add(b.mul(u, momentum), grad);
  const direction = nesterov ? b.add(grad, b.mul(u2, momentum)) : u2;
  return { params: b.sub(params, b.mul(direction, lr)), slots: [u2] };
}

function withPenalty(b: Builder, { params, grad }: OptimizerInputs, weightDecay: number): Value {
  return weightDecay === 0 ? grad : b.add(grad, b.mul(params, weightDecay));
}

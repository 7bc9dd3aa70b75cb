import {
  buildGraph,
  stateLayout,
  type NetworkWeights,
  compileModel,
  type CrossEntropyOptions,
  type Network,
  type TensorData,
  batchTensors,
  type LabelledBatch,
  fromFlat,
  type CreateSession,
  type SessionOptions,
  type Tensors,
} from '../program/index.js';
import { checkState } from '../weights/index.js';
import { assert } from '../errors.js';

/** The gradient of the loss with respect to one parameter. */
export interface ParameterGradient {
  /** `layer1.0.conv1.weight` */
  readonly name: string;
  /** The parameter's shape: two or more numbers for the weight of a convolution or a linear layer. */
  readonly shape: readonly number[];
  /** Euclidean norm, sqrt(sum g^2), in units of loss per unit of weight; NaN or infinite where the gradient is. */
  readonly norm: number;
}

/** How `gradientNorms` computes. */
export interface GradientOptions extends SessionOptions {
  /** Default: the mean cross-entropy of the batch. */
  readonly loss?: CrossEntropyOptions;
  /** Number of the step that layers which draw random numbers (dropout) see; default 1. */
  readonly step?: number;
  /** The runtime: `createNodeSession` in Node. */
  readonly createSession: CreateSession;
}

/**
 * How large the gradient of each trained parameter is, in the network's order: one forward and backward pass of the
 * portable training model on one batch, in training mode, without a step. Vanishing and exploding gradients show in it.
 *
 * Throws OptionError for a batch of other sizes than the network's, CheckpointError for weights of another length.
 *
 * @param weights - A trainer's `state`, or a checkpoint's.
 * @example
 * const norms = await gradientNorms(network, trainer.state, batch, { createSession: createNodeSession });
 * for (const { name, norm } of norms) console.log(name, norm.toExponential(2));
 */
export async function gradientNorms(
  network: Network,
  weights: NetworkWeights,
  batch: LabelledBatch,
  { createSession, loss, step = 1, ...options }: GradientOptions,
): Promise<readonly ParameterGradient[]> {
  const { params, buffers, frozen } = weights;
  // Gradients come before any optimizer: the one without state vectors stands for all.
  const optimizer = { kind: 'sgd' } as const;
  checkState(network, optimizer, { params, buffers, frozen, slots: {} });
  const graph = { optimizer, ...(loss && { loss }) };
  const takesStep = buildGraph(network, 'training', graph).inputs.some(({ name }) => name === 'step');
  const feeds: Tensors = {
    ...batchTensors(network, batch),
    params: vector(params),
    ...(buffers.length > 0 && { buffers: vector(buffers) }),
    ...(frozen.length > 0 && { frozen: vector(frozen) }),
    ...(takesStep && { step: { dtype: 'float32', shape: [], data: Float32Array.of(step) } }),
  };
  const session = await createSession(compileModel(network, 'training', graph), options);
  try {
    const { grad } = await session.run(feeds, ['grad']);
    assert(grad?.data instanceof Float32Array, 'the training model gives its gradient as float32');
    const layout = stateLayout(network).parameters;
    const parts = fromFlat(layout, grad.data);
    return layout.slots.map(({ name, shape }) => ({ name, shape, norm: euclid(parts.get(name) ?? []) }));
  } finally {
    await session.dispose();
  }
}

function vector(data: Float32Array): TensorData {
  return { dtype: 'float32', shape: [data.length], data };
}

/** In float64, where the squares of float32 numbers neither overflow nor vanish. */
function euclid(vector: Iterable<number>): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
}

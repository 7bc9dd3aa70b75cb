import {
  fromFlat,
  initialState,
  stateLayout,
  toFlat,
  type Network,
  type NetworkWeights,
  type StateLayout,
  type TrainingState,
} from '../net/index.js';
import { optimizerSlots, type OptimizerOptions } from '../optim/index.js';
import { CheckpointError } from '../errors.js';
import type { Bundle, TensorData } from '../ir/index.js';
import { compareWeights, refuseProblems } from './weight-match.js';

/** A fresh state: parameters drawn from `seed`, the optimizer's vectors zero. */
export function freshState(network: Network, optimizer: OptimizerOptions, seed: number): TrainingState {
  return stateFrom(network, optimizer, initialState(network, seed));
}

/**
 * A state that starts from given weights (parameters and buffers by name), the optimizer's vectors zero. Throws
 * CheckpointError for weights that are missing or of another size.
 *
 * @example
 * const weights = startingWeights(network, { name: 'first.safetensors', bytes }, { freshHead: true });
 * const trainer = await Trainer.create(network, { createSession, state: stateFrom(network, { kind: 'adam' }, weights) });
 */
export function stateFrom(
  network: Network,
  optimizer: OptimizerOptions,
  weights: ReadonlyMap<string, Float32Array>,
): TrainingState {
  const layout = stateLayout(network);
  return {
    params: toFlat(layout.parameters, weights, network.name),
    buffers: toFlat(layout.buffers, weights, network.name),
    frozen: toFlat(layout.frozen, weights, network.name),
    slots: Object.fromEntries(
      optimizerSlots(optimizer).map((name) => [name, new Float32Array(layout.parameters.size)]),
    ),
  };
}

/** Throws CheckpointError for a state whose vectors are missing or of another length. */
export function checkState(network: Network, optimizer: OptimizerOptions, state: TrainingState): void {
  const { parameters, buffers, frozen } = stateLayout(network);
  const check = (name: string, vector: Float32Array | undefined, size: number): void => {
    if (vector?.length === size) return;
    throw new CheckpointError(
      `state of ${network.name}: '${name}': expected ${size} elements, got ${vector?.length ?? 'nothing'}`,
    );
  };
  check('params', state.params, parameters.size);
  check('buffers', state.buffers, buffers.size);
  check('frozen', state.frozen, frozen.size);
  for (const name of optimizerSlots(optimizer)) check(name, state.slots[name], parameters.size);
}

/** Parameters and buffers of a state by name; views of its vectors. */
export function namedWeights(network: Network, state: NetworkWeights): ReadonlyMap<string, Float32Array> {
  const layout = stateLayout(network);
  return new Map([
    ...fromFlat(layout.parameters, state.params),
    ...fromFlat(layout.buffers, state.buffers),
    ...fromFlat(layout.frozen, state.frozen),
  ]);
}

/** Parameters and buffers of a state as tensors by name, in the layout's order. */
export function weightTensors(layout: StateLayout, state: TrainingState): ReadonlyMap<string, TensorData> {
  const tensors = (part: Bundle, flat: Float32Array): [string, TensorData][] =>
    part.slots.map(({ name, shape, offset, size }) => [
      name,
      { dtype: 'float32', shape, data: flat.subarray(offset, offset + size) },
    ]);
  return new Map([
    ...tensors(layout.parameters, state.params),
    ...tensors(layout.buffers, state.buffers),
    ...tensors(layout.frozen, state.frozen),
  ]);
}

/**
 * Weights for a network out of named tensors, e.g. of a safetensors file. Throws CheckpointError with the list of what
 * is missing, unexpected, or of another shape or dtype. Names that begin with `optimizer.` are not weights.
 *
 * @example
 * const weights = matchWeights(network, decodeSafetensors(bytes, 'init.safetensors').tensors, 'init.safetensors');
 */
export function matchWeights(
  network: Network,
  tensors: ReadonlyMap<string, TensorData>,
  where: string,
): ReadonlyMap<string, Float32Array> {
  const { weights, problems } = compareWeights(network, tensors);
  refuseProblems(network, problems, where);
  return weights;
}

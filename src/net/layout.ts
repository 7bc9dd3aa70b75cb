import { CheckpointError } from '../errors.js';
import { bundleOf, formatShape, type Bundle, type Slot, type Value } from '../ir/index.js';
import { ops, type Builder } from '../ops/index.js';
import type { StateSpec } from './net.js';
import type { Network } from './network.js';

/** Copies named tensors into one flat vector. Throws CheckpointError for one that is missing or of another size. */
export function toFlat(
  layout: Bundle,
  tensors: ReadonlyMap<string, Float32Array>,
  where: string,
): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const slot of layout.slots) flat.set(tensorFor(slot, tensors, where), slot.offset);
  return flat;
}

/** The elements of one tensor. Throws CheckpointError if they are missing or not as many as its shape says. */
export function tensorFor(
  { name, size, shape }: Slot,
  tensors: ReadonlyMap<string, Float32Array>,
  where: string,
): Float32Array {
  const data = tensors.get(name);
  if (data?.length === size) return data;
  const got = data === undefined ? 'nothing' : `${data.length} elements`;
  throw new CheckpointError(
    `${where}: '${name}': expected ${size} elements for ${formatShape(shape)}, got ${got}`,
  );
}

/** The tensors of a flat vector, by name; views, not copies. */
export function fromFlat(layout: Bundle, flat: Float32Array): ReadonlyMap<string, Float32Array> {
  return new Map(
    layout.slots.map(({ name, offset, size }) => [name, flat.subarray(offset, offset + size)] as const),
  );
}

/** The tensors of a bundle inside a graph, by name. */
export function unflattenInGraph(b: Builder, { slots }: Bundle, flat: Value): ReadonlyMap<string, Value> {
  return new Map(
    slots.map(({ name, shape, offset }) => [
      name,
      b.emit(ops.BundleGet, [flat], { slot: name, offset, shape }, name),
    ]),
  );
}

/** The flat vector of a bundle's tensors inside a graph. */
export function flattenInGraph(
  b: Builder,
  bundle: Bundle,
  tensors: ReadonlyMap<string, Value>,
  name: string,
): Value {
  const parts = bundle.slots.map((slot) => {
    const value = tensors.get(slot.name);
    if (value === undefined) throw new CheckpointError(`graph ${name}: '${slot.name}' is missing`);
    return value;
  });
  return b.emit(ops.BundlePack, parts, { bundle: bundle.name }, name);
}

/** The flat vectors of a network. */
export interface StateLayout {
  /** What is trained. */
  readonly parameters: Bundle;
  /** Running statistics, which every step moves. */
  readonly buffers: Bundle;
  /** Frozen parameters and frozen running statistics, which no step changes. */
  readonly frozen: Bundle;
}

/** The flat vectors of a network. */
export function stateLayout(network: Network): StateLayout {
  const part = (name: string, fits: (spec: StateSpec) => boolean): Bundle =>
    bundleOf(name, network.state.filter(fits));
  return {
    parameters: part('params', ({ kind, frozen }) => kind === 'parameter' && !frozen),
    buffers: part('buffers', ({ kind, frozen }) => kind === 'buffer' && !frozen),
    frozen: part('frozen', ({ frozen }) => frozen),
  };
}

/** Everything that a training step takes and changes, as flat float32 vectors in the layout's order. */
export interface TrainingState {
  /** All parameters, [P]. */
  readonly params: Float32Array;
  /** Running statistics and the like, [B]; empty where the network has none. */
  readonly buffers: Float32Array;
  /** What is frozen, [F], which no step changes; empty where nothing is. */
  readonly frozen: Float32Array;
  /** The optimizer's vectors, each [P]: Adam's `first_moment` and `second_moment`, SGD's `momentum`. */
  readonly slots: Readonly<Record<string, Float32Array>>;
}

/** The part of a state that belongs to the network, not to the optimizer. */
export type NetworkWeights = Omit<TrainingState, 'slots'>;

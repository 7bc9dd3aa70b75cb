import { CheckpointError } from '../errors.js';
import { formatShape, staticSize, type Value } from '../ir/index.js';
import type { Builder } from '../ops/index.js';
import type { StateSpec } from './net.js';
import type { Network } from './network.js';

/** Where one tensor lies in a flat vector. */
export interface Slot {
  readonly name: string;
  readonly shape: readonly number[];
  /** Index of its first element. */
  readonly offset: number;
  readonly size: number;
}

/** A flat float32 vector that holds many tensors one after the other. */
export interface Layout {
  readonly slots: readonly Slot[];
  /** Number of elements. */
  readonly size: number;
}

/** The layout of tensors in the order given. */
export function layoutOf(specs: readonly Pick<StateSpec, 'name' | 'shape'>[]): Layout {
  let size = 0;
  const slots = specs.map(({ name, shape }): Slot => {
    const slot = { name, shape, offset: size, size: staticSize(shape) };
    size += slot.size;
    return slot;
  });
  return { slots, size };
}

/** Copies named tensors into one flat vector. Throws CheckpointError for one that is missing or of another size. */
export function toFlat(
  layout: Layout,
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
export function fromFlat(layout: Layout, flat: Float32Array): ReadonlyMap<string, Float32Array> {
  return new Map(
    layout.slots.map(({ name, offset, size }) => [name, flat.subarray(offset, offset + size)] as const),
  );
}

/** The values of a flat vector's tensors inside a graph. */
export function unflattenInGraph(b: Builder, layout: Layout, flat: Value): ReadonlyMap<string, Value> {
  return new Map(
    layout.slots.map(({ name, shape, offset, size }) => {
      const part = b.slice(flat, { axes: [0], starts: [offset], ends: [offset + size] }, `${name}.flat`);
      return [name, b.reshape(part, shape, name)] as const;
    }),
  );
}

/** The flat vector of tensors inside a graph, in the layout's order. */
export function flattenInGraph(
  b: Builder,
  layout: Layout,
  tensors: ReadonlyMap<string, Value>,
  name: string,
): Value {
  const parts = layout.slots.map((slot) => {
    const value = tensors.get(slot.name);
    if (value === undefined) throw new CheckpointError(`graph ${name}: '${slot.name}' is missing`);
    return b.reshape(value, [slot.size]);
  });
  return b.concat(parts, 0, name);
}

/** The flat vectors of a network. */
export interface StateLayout {
  /** What is trained. */
  readonly parameters: Layout;
  /** Running statistics, which every step moves. */
  readonly buffers: Layout;
  /** Frozen parameters and frozen running statistics, which no step changes. */
  readonly frozen: Layout;
}

/** The flat vectors of a network. */
export function stateLayout(network: Network): StateLayout {
  const part = (fits: (spec: StateSpec) => boolean): Layout => layoutOf(network.state.filter(fits));
  return {
    parameters: part(({ kind, frozen }) => kind === 'parameter' && !frozen),
    buffers: part(({ kind, frozen }) => kind === 'buffer' && !frozen),
    frozen: part(({ frozen }) => frozen),
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

import { stateLayout } from '../../src/program/index.js';
import type { Graph } from '../../src/ir/index.js';
import { initialState, type Network } from '../../src/net/index.js';
import { fill } from '../helpers/golden.js';
import { ndarray, product, type NdArray } from '../reference/array.js';
import { bindShape } from '../helpers/bind-shape.js';

/** Something that all forms of a graph, the reference and PyTorch must agree on. */
export interface FuzzCase {
  /** What was drawn, in words. */
  readonly name: string;
  /** The operator or the kind of architecture. */
  readonly kind: string;
  /** The function, its scalar `loss`, and gradients. */
  readonly graph: Graph;
  /** By the name of an output: the input whose gradient it is. */
  readonly grads: Readonly<Record<string, string>>;
  /** Length of the symbol N. */
  readonly batch: number;
  /** Where the graph is a network's training model. */
  readonly network?: Network;
}

/** Numbers for the inputs of a case, each a float32; another `draw` gives others. */
export function feedsOf({ graph, batch, network }: FuzzCase, draw: number): Record<string, NdArray> {
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }, i) => {
      const lengths = bindShape(shape, { N: batch }).map(Number);
      const random = fill(1 + i + 100 * draw, product(lengths));
      if (network === undefined)
        return [
          name,
          ndarray(lengths, name === 'positive' || name === 'running_var' ? random.map(above) : random),
        ];
      return [name, ndarray(lengths, networkInput(network, name, dtype, random, draw))];
    }),
  );
}

/** From [-1, 1) to [0.5, 2). */
function above(u: number): number {
  return Math.fround(1.25 + 0.75 * u);
}

function networkInput(
  network: Network,
  name: string,
  dtype: string,
  random: readonly number[],
  draw: number,
): readonly number[] {
  if (name === 'step') return [1 + draw];
  if (dtype === 'int32') return random.map((u) => Math.floor(((u + 1) / 2) * network.classes));
  const { parameters, buffers, frozen } = stateLayout(network);
  const layout =
    name === 'params' ? parameters : name === 'buffers' ? buffers : name === 'frozen' ? frozen : undefined;
  if (layout === undefined) return random;
  const fresh = initialState(network, draw);
  return layout.slots.flatMap((slot) => {
    const noise = fill(draw + slot.offset + 1, slot.size);
    return Array.from(fresh.get(slot.name) ?? [], (value, i) => shaken(slot.name, value, noise[i] ?? 0));
  });
}

/** Zeros and ones of fresh statistics and affine weights hide mistakes: they are moved, variances stay above zero. */
function shaken(name: string, value: number, u: number): number {
  if (name.endsWith('running_var')) return Math.fround(1 + 0.5 * u);
  return Math.fround(value + 0.1 * u);
}

import { gradients } from '../../src/autodiff/index.js';
import { prune, type Graph, type Value } from '../../src/ir/index.js';
import { buildNetwork, type Network } from '../../src/net/index.js';
import { Builder } from '../../src/ops/index.js';
import { fill } from '../helpers/golden.js';
import { ndarray, type NdArray } from '../reference/array.js';

/**
 * Forward pass of a network and gradients of all that is not frozen, every tensor an input of its own. Outputs: `y`,
 * `next.<buffer>`, `grad.<parameter>`.
 */
export function graphOf(network: Network, training: boolean): Graph {
  const b = new Builder();
  const x = b.input('input', 'float32', ['N', ...network.input]);
  const tensors = new Map<string, Value>();
  const outputs: { name: string; value: Value }[] = [];
  const y = buildNetwork(b, network, x, {
    training,
    take({ name, shape }) {
      const value = b.input(name, 'float32', shape);
      tensors.set(name, value);
      return value;
    },
    step: () => b.input('step', 'float32', []),
    update: (name, value) => void outputs.push({ name: `next.${name}`, value }),
  });
  outputs.push({ name: 'y', value: y });
  if (training) {
    const free = network.state.filter(({ kind, frozen }) => kind === 'parameter' && !frozen);
    const loss = b.reduceMean(b.reduceSum(b.mul(y, y), [1]), [0]);
    const wrt = free.flatMap(({ name }) => tensors.get(name) ?? []);
    gradients(b, loss, wrt).forEach((value, i) => {
      outputs.push({ name: `grad.${free[i]?.name ?? ''}`, value });
    });
  }
  return prune(b.finish(network.name, outputs));
}

/** Values for every input of a graph, the same in every run; variances are positive. */
export function feedsFor(graph: Graph, batch: number, step = 1): Record<string, NdArray> {
  return Object.fromEntries(
    graph.inputs.map(({ name, shape }, i) => {
      if (name === 'step') return [name, ndarray([], [step])] as const;
      const lengths = shape.map((dim) => (typeof dim === 'number' ? dim : batch));
      const size = lengths.reduce((product, length) => product * length, 1);
      const values = fill(31 + i, size).map((u) => (name.endsWith('running_var') ? 1.5 + u : u));
      return [name, ndarray(lengths, values.map(Math.fround))] as const;
    }),
  );
}

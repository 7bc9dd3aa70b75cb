import { createHash } from 'node:crypto';
import type { Graph, Node, Value } from '../../src/ir/index.js';
import { initialState, type Network } from '../../src/net/index.js';
import { fill } from '../helpers/golden.js';

/** Weights as after training: no batch normalisation is left at its initial weight, bias or statistics. */
export function trainedWeights(network: Network, seed = 1): Map<string, Float32Array> {
  const norms = new Set(
    network.state.flatMap(({ name }) => (name.endsWith('.running_mean') ? [name.replace(/\w+$/, '')] : [])),
  );
  return new Map(
    [...initialState(network, seed)].map(([name, values], i) => {
      if (!norms.has(name.replace(/\w+$/, ''))) return [name, values];
      const noise = fill(1000 * seed + i, values.length);
      const isPositive = name.endsWith('.weight') || name.endsWith('.running_var');
      return [name, Float32Array.from(noise, (x) => (isPositive ? 1 + 0.5 * x : 0.3 * x))];
    }),
  );
}

/** The graph with its constants called otherwise, as exporters do. */
export function renamed(graph: Graph, rename: (name: string, i: number) => string): Graph {
  const values = new Map(
    graph.constants.map(({ value }, i): [Value, Value] => [value, { ...value, name: rename(value.name, i) }]),
  );
  const swap = <V extends Value | undefined>(value: V): V =>
    (value === undefined ? value : (values.get(value) ?? value)) as V;
  return {
    ...graph,
    constants: graph.constants.map(({ value, tensor }) => ({ value: swap(value), tensor })),
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(swap) })),
  };
}

/** The graph with the nodes that `isFirst` chooses as early as their inputs allow. */
export function reordered(graph: Graph, isFirst: (node: Node) => boolean): Graph {
  const made = new Set([...graph.inputs, ...graph.constants.map(({ value }) => value)]);
  const left = [...graph.nodes];
  const nodes: Node[] = [];
  while (left.length > 0) {
    const isReady = ({ inputs }: Node): boolean => inputs.every((x) => x === undefined || made.has(x));
    const at = left.findIndex((node) => isFirst(node) && isReady(node));
    const [node] = left.splice(at < 0 ? left.findIndex(isReady) : at, 1);
    if (node === undefined) throw new TypeError('a node whose inputs nothing makes');
    nodes.push(node);
    for (const output of node.outputs) made.add(output);
  }
  return { ...graph, nodes };
}

/** The largest difference, relative to the largest expected magnitude. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length || expected.length === 0) return NaN;
  const expectedValues = Array.from(expected);
  const scale = Math.max(...expectedValues.map(Math.abs));
  return Math.max(...expectedValues.map((value, i) => Math.abs((actual[i] ?? NaN) - value))) / scale;
}

/** A hash of each tensor by name: vitest takes minutes to compare a ResNet's weights number by number. */
export function digests(weights: ReadonlyMap<string, Float32Array>): Readonly<Record<string, string>> {
  const digest = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
    createHash('sha256')
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest('hex');
  return Object.fromEntries([...weights].map(([name, values]) => [name, digest(values)]));
}

import type { Graph, Node, Value } from './graph.js';
import { verify } from './verify.js';

/** Removes nodes and constants that no output depends on; inputs stay, they are the graph's signature. */
export function prune(graph: Graph): Graph {
  const live = new Set<Value>(graph.outputs.map(({ value }) => value));
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => live.has(output))) continue;
    nodes.push(node);
    for (const input of node.inputs) if (input !== undefined) live.add(input);
  }
  return verify({
    ...graph,
    nodes: nodes.reverse(),
    constants: graph.constants.filter(({ value }) => live.has(value)),
  });
}

/** How often each value is used, including by the graph's outputs. */
export function useCounts(graph: Graph): ReadonlyMap<Value, number> {
  const counts = new Map<Value, number>();
  const use = (value: Value): void => void counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const node of graph.nodes) for (const input of node.inputs) if (input !== undefined) use(input);
  for (const { value } of graph.outputs) use(value);
  return counts;
}

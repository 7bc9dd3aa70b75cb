import type { Graph, Node, Value } from '../../ir/index.js';

/** Which node makes a value of a graph, and which use it. */
export interface Links {
  readonly makers: ReadonlyMap<Value, Node>;
  readonly users: ReadonlyMap<Value, readonly Node[]>;
}

/** The links of a graph. */
export function linksOf(graph: Graph): Links {
  const makers = new Map<Value, Node>();
  const users = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    for (const output of node.outputs) makers.set(output, node);
    for (const input of new Set(node.inputs)) {
      if (input === undefined) continue;
      const known = users.get(input);
      if (known === undefined) users.set(input, [node]);
      else known.push(node);
    }
  }
  return { makers, users };
}

const zeros = new WeakMap<Graph, ReadonlySet<Value>>();

/** Whether a value is a constant of zeros. */
export function isZero(graph: Graph, value: Value | undefined): boolean {
  if (value === undefined) return false;
  let known = zeros.get(graph);
  if (known === undefined) {
    const all = graph.constants.filter(({ tensor }) => tensor.data.every((element) => Number(element) === 0));
    known = new Set(all.map((constant) => constant.value));
    zeros.set(graph, known);
  }
  return known.has(value);
}

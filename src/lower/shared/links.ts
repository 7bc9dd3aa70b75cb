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
      if (input !== undefined) users.set(input, [...(users.get(input) ?? []), node]);
    }
  }
  return { makers, users };
}

/** The name of a node within its layer, as the builder wants it. */
export function localName(node: Node): string {
  return node.layer !== '' && node.name.startsWith(`${node.layer}.`)
    ? node.name.slice(node.layer.length + 1)
    : node.name;
}

/** Whether a value is a constant of zeros. */
export function isZero({ constants }: Graph, value: Value | undefined): boolean {
  const found = constants.find((constant) => constant.value === value);
  return found?.tensor.data.every((element) => Number(element) === 0) ?? false;
}

import { useCounts, type Graph, type Node, type Value } from '../../ir/index.js';
import { Builder } from '../../ops/index.js';
import { Forms } from './forms.js';

/** What the rules of the CPU lowering see. */
export interface Context {
  readonly graph: Graph;
  readonly b: Builder;
  readonly f: Forms;
  /** How often each value of the portable graph is used. */
  readonly counts: ReadonlyMap<Value, number>;
  /** The node that makes each value of the portable graph. */
  readonly makers: ReadonlyMap<Value, Node>;
  /** The nodes that use each value of the portable graph. */
  readonly users: ReadonlyMap<Value, readonly Node[]>;
  /** By the name of a node: the form that it is to have; the others have the written heuristic's. */
  readonly choices: Choices;
}

/** Forms by the names of nodes. */
export type Choices = Readonly<Record<string, string>>;

/** The context of a graph, nothing lowered yet. */
export function contextOf(graph: Graph, block: number, choices: Choices = {}): Context {
  const b = new Builder();
  const makers = new Map<Value, Node>();
  const users = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    for (const output of node.outputs) makers.set(output, node);
    for (const input of new Set(node.inputs)) {
      if (input !== undefined) users.set(input, [...(users.get(input) ?? []), node]);
    }
  }
  return { graph, b, f: new Forms(b, block), counts: useCounts(graph), makers, users, choices };
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

import type { Graph, Node, Value } from '../ir/index.js';
import { Builder } from '../ops/index.js';

/** What a rewrite puts in the place of a node: one value an output, or undefined to keep the node as it is. */
export type Rewrite = (
  b: Builder,
  node: Node,
  inputs: readonly (Value | undefined)[],
) => readonly Value[] | undefined;

/**
 * Builds a graph anew, node by node, with a rewrite applied to each; names, layers, inputs and outputs stay.
 *
 * @example
 * replay(graph, (b, node, [x]) => (node.op.name === 'Identity' && x !== undefined ? [x] : undefined));
 */
export function replay(graph: Graph, rewrite: Rewrite): Graph {
  const b = new Builder();
  const map = new Map<Value, Value>();
  for (const input of graph.inputs) map.set(input, b.input(input.name, input.dtype, input.shape));
  for (const { value, tensor } of graph.constants) map.set(value, b.initializer(tensor, value.name));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => (input === undefined ? undefined : map.get(input)));
    b.within(node.layer, () => {
      const name = node.layer === '' ? node.name : node.name.replace(`${node.layer}.`, '');
      const outputs = rewrite(b, node, inputs) ?? b.emitAll(node.op, inputs, node.attrs, name);
      node.outputs.forEach((output, i) => {
        const replacement = outputs[i];
        if (replacement !== undefined) map.set(output, replacement);
      });
    });
  }
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: map.get(value) ?? value }));
  return b.finish(graph.name, outputs);
}

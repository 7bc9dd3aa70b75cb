import { localName, type Graph, type Node, type Value } from '../ir/index.js';
import { Builder } from './builder.js';

/** What a rewrite puts in place of a node: one value an output, or undefined to keep the node as it is. */
export type Rewrite = (
  b: Builder,
  node: Node,
  inputs: readonly (Value | undefined)[],
) => readonly Value[] | undefined;

/**
 * Rebuilds a graph node by node, with a rewrite applied to each; names, layers, inputs and outputs stay.
 *
 * @example
 * replay(graph, (b, node, [x]) => (node.op.name === 'Identity' && x !== undefined ? [x] : undefined));
 */
export function replay(graph: Graph, rewrite: Rewrite): Graph {
  const b = new Builder();
  // Values that are not in it are unchanged: nodes before the first rewrite, and apart from it, stay as they are.
  const map = new Map<Value, Value>();
  const mapped = (value: Value): Value => map.get(value) ?? value;
  for (const input of graph.inputs) b.keepInput(input);
  for (const constant of graph.constants) b.keepConstant(constant);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => (input === undefined ? undefined : mapped(input)));
    b.within(node.layer, () => {
      const replaced = rewrite(b, node, inputs);
      if (replaced === undefined && inputs.every((input, i) => input === node.inputs[i]) && b.keep(node))
        return;
      const outputs = replaced ?? b.emitAll(node.op, inputs, node.attrs, localName(node));
      node.outputs.forEach((output, i) => {
        const replacement = outputs[i];
        if (replacement !== undefined) map.set(output, replacement);
      });
    });
  }
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: mapped(value) }));
  return b.finish(graph.name, outputs);
}

import { localName, prune, type Graph } from '../../ir/index.js';
import { replay, type Op } from '../../ops/index.js';

/** Composite operators become standard-domain ones, dead nodes go. */
export function expandComposites(graph: Graph): Graph {
  const expanded = replay(graph, (b, node, inputs) => {
    const { expand } = node.op as Op;
    return expand?.({ b, x: inputs, attrs: node.attrs, name: localName(node) });
  });
  // An expansion may itself contain composite operators.
  return expanded.nodes.some((node) => node.op.composite) ? expandComposites(expanded) : prune(expanded);
}

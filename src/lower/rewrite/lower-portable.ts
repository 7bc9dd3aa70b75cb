import { localName, prune, type Graph } from '../../ir/index.js';
import { replay, type Op } from '../../ops/index.js';

/**
 * The form that every ONNX Runtime can run: composite operators become standard-domain ones, dead nodes go.
 *
 * @example
 * const standard = lowerPortable(graph); // encodeModel(standard) accepts it
 */
export function lowerPortable(graph: Graph): Graph {
  const expanded = replay(graph, (b, node, inputs) => {
    const { expand } = node.op as Op;
    return expand?.({ b, x: inputs, attrs: node.attrs, name: localName(node) });
  });
  // An expansion may itself contain composite operators.
  return expanded.nodes.some((node) => node.op.composite) ? lowerPortable(expanded) : prune(expanded);
}

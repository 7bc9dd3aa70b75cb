import type { Graph } from '../../ir/index.js';
import { expandComposites } from '../rewrite/expand.js';

/**
 * The form that every ONNX Runtime can run.
 *
 * @example
 * const standard = lowerPortable(graph); // encodeModel(standard) accepts it
 */
export function lowerPortable(graph: Graph): Graph {
  return expandComposites(graph);
}

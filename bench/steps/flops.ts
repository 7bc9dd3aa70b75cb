import { prune, type Graph } from '../../src/ir/index.js';
import { nodeFlops } from '../../src/ops/index.js';

/**
 * Floating-point operations of a graph's convolutions and matrix products for a batch, a multiplication and an addition
 * each one; everything else is counted as nothing, as is usual. Composite operators count as what they compute.
 *
 * @example
 * flopsOf(buildGraph(network, 'step', { optimizer: { kind: 'adam' } }), 64);
 */
export function flopsOf(graph: Graph, batch: number): number {
  return prune(graph).nodes.reduce((sum, node) => sum + nodeFlops(node, batch), 0);
}

import { prune, type Graph, type Node } from '../ir/index.js';

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

function nodeFlops({ op, inputs, outputs, attrs }: Node, batch: number): number {
  const shape = (value: Node['inputs'][number]): number[] =>
    (value?.shape ?? []).map((dim) => (typeof dim === 'number' ? dim : symbolic(dim, batch)));
  const product = (dims: readonly number[]): number => dims.reduce((size, dim) => size * dim, 1);
  const [first, second] = inputs;
  const [y] = outputs;
  switch (op.name) {
    // Each element of the image that the kernel runs over takes every tap of every channel of its group.
    case 'Conv':
      return 2 * product(shape(y)) * product(shape(second).slice(1));
    case 'ConvInputGrad':
      return 2 * product(shape(first)) * product(shape(second).slice(1));
    case 'ConvWeightGrad':
      return 2 * product(shape(second)) * product(shape(y).slice(1));
    case 'MatMul':
      return 2 * product(shape(y)) * (shape(first).at(-1) ?? 1);
    case 'Gemm': {
      const [rows = 1, columns = 1] = shape(first);
      return 2 * product(shape(y)) * (attrs['transA'] === 1 ? rows : columns);
    }
    default:
      return 0;
  }
}

/** `N` or a multiple of it, `64N`. */
function symbolic(dim: string, batch: number): number {
  return Number(/^\d+/.exec(dim)?.[0] ?? 1) * batch;
}

import type { Node } from '../ir/index.js';

/**
 * Floating-point operations of a convolution, one of its gradients or a matrix product for a batch, a multiplication and
 * an addition each one; of everything else none. Composite operators count as what they compute.
 *
 * @example
 * graph.nodes.reduce((sum, node) => sum + nodeFlops(node, 64), 0);
 */
export function nodeFlops({ op, inputs, outputs, attrs }: Node, batch: number): number {
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

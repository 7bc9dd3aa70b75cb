import { staticSize, type Graph, type Node, type Value } from '../../ir/index.js';
import { nodeFlops } from '../../ops/index.js';
import type { NodeReport } from '../target.js';

/** Operators whose form the report names whatever it is. */
const named = new Set([
  ...['Conv', 'ConvInputGrad', 'ConvWeightGrad'],
  ...['MaxPool', 'MaxPoolGrad', 'BatchNormTrain', 'BatchNormGrad', 'BatchNormalization'],
]);

/** Operators that compute nothing: another shape, another name. */
const free = new Set(['BundleGet', 'Identity', 'Reshape']);

/**
 * Reports what becomes of the nodes of a graph: of convolutions, pooling and batch normalisation in any form, and of every
 * other operator that is kept portable although an image that it reads lies in the target's own layout.
 *
 * @param isOwn - Whether a value lies in the target's own layout, so that a portable node has it converted.
 */
export function nodeReporter(
  graph: Graph,
  isOwn: (value: Value) => boolean,
): (node: Node, form: string | undefined) => NodeReport | undefined {
  const multiplyAdds = graph.nodes.reduce((sum, node) => sum + nodeFlops(node, 1), 0);
  const moved = graph.nodes.reduce((sum, node) => sum + movedBy(node), 0);
  const isConverted = (value: Value | undefined): boolean =>
    value !== undefined && isImage(value) && isOwn(value);
  return (node, form) => {
    const { op, name, layer, inputs } = node;
    const isKept = form === undefined && !free.has(op.name) && inputs.some(isConverted);
    if (!named.has(op.name) && !isKept) return undefined;
    return {
      ...{ node: name, op: op.name, layer, what: nameOf(node), form: form ?? 'portable' },
      cost: { multiplyAdds: nodeFlops(node, 1) / (multiplyAdds || 1), moved: movedBy(node) / (moved || 1) },
    };
  };
}

/** Numbers that a node reads and writes. */
function movedBy({ op, inputs, outputs }: Node): number {
  if (free.has(op.name)) return 0;
  return [...inputs, ...outputs].reduce((sum, value) => sum + (value ? staticSize(value.shape) : 0), 0);
}

/** Of more than one pixel. */
function isImage({ shape }: Value): boolean {
  return shape.length === 4 && Number(shape[2]) * Number(shape[3]) > 1;
}

/** What a node belongs to, in words: `grouped convolution`, also for its gradients. */
function nameOf({ op, attrs }: Node): string {
  if (op.name.startsWith('Conv')) {
    const { group, dilations } = attrs;
    const isDilated = Array.isArray(dilations) && dilations.some((dilation) => dilation !== 1);
    return `${Number(group ?? 1) > 1 ? 'grouped ' : ''}${isDilated ? 'dilated ' : ''}convolution`;
  }
  if (op.name.startsWith('MaxPool')) return 'max-pooling';
  return op.name.startsWith('BatchNorm') ? 'batch normalisation' : op.name;
}

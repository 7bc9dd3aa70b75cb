import { useCounts, type Graph, type Node, type Value } from '../../ir/index.js';
import { ops, replay } from '../../ops/index.js';
import { maskOf } from '../rewrite/elementwise.js';
import { linksOf } from '../rewrite/links.js';
import { operands } from '../rewrite/operands.js';

/**
 * relu(maxpool(x)) -> maxpool(relu(x)): the ReLU can then become part of the convolution that makes x, and one image less
 * is written. The same numbers: the maximum of a window is positive in both or neither, and where it is not, the ReLU's
 * own gradient has already stopped what comes back. Only where nothing but the ReLU and the two gradients see the images
 * between.
 */
export function hoistRelu(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op.name === 'MaxPool')) return graph;
  const counts = useCounts(graph);
  const links = linksOf(graph);
  const users = (value: Value): readonly Node[] => links.users.get(value) ?? [];
  const rectified = new Map<Node, Value>();
  const dropped = new Map<Node, Value>();
  for (const pool of graph.nodes) {
    const [x] = pool.inputs;
    const [y] = pool.outputs;
    if (pool.op.name !== 'MaxPool' || x === undefined || y === undefined) continue;
    const after = users(y);
    const relu = after.find(({ op }) => op.name === 'Relu');
    const grad = after.find(({ op }) => op.name === 'MaxPoolGrad');
    const z = relu?.outputs[0];
    if (relu === undefined || z === undefined || counts.get(y) !== after.length) continue;
    const isOnlyThese = after.every((node) => node === relu || node === grad);
    const isInner =
      users(x).every((node) => node === pool || node === grad) && counts.get(x) === users(x).length;
    if (!isOnlyThese || !isInner) continue;
    // The ReLU's own gradient: where(z > 0, ., 0).
    if (grad !== undefined && maskOf({ graph, ...links }, links.makers.get(operands(grad, 4)[3]))?.x !== z)
      continue;
    rectified.set(pool, x);
    dropped.set(relu, y);
  }
  if (rectified.size === 0) return graph;
  const replaced = new Map<Value, Value>();
  return replay(graph, (b, node, inputs) => {
    const [x, y, indices, dy] = inputs;
    if (rectified.has(node) && x !== undefined) {
      const positive = b.relu(x);
      const original = node.inputs[0];
      if (original !== undefined) replaced.set(original, positive);
      return b.emitAll(ops.MaxPool, [positive], node.attrs, 'max_pool');
    }
    if (dropped.has(node) && x !== undefined) return [x];
    const original = node.inputs[0];
    const positive = original === undefined ? undefined : replaced.get(original);
    if (node.op.name === 'MaxPoolGrad' && positive !== undefined) {
      return [b.emit(ops.MaxPoolGrad, [positive, y, indices, dy], node.attrs, 'max_pool_grad')];
    }
    return undefined;
  });
}

import { tensorOf, type Node, type Value, normaliseAxis } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';

/** x - max - log sum exp(x - max): ONNX Runtime has no LogSoftmax for WebGPU. */
export function logSoftmax(b: Builder, x: Value, node: Node): Value {
  const axes = [Number(node.attrs['axis'])];
  const shifted = b.sub(x, b.reduceMax(x, axes, true), 'shifted');
  return b.sub(shifted, b.log(b.reduceSum(b.exp(shifted), axes, true)), 'log_softmax');
}

/**
 * Index of the first maximum, int32: WebGPU computes nothing with int64, which is what ArgMax gives. The later an entry,
 * the lower its rank; the highest rank among the maxima is the first one's.
 */
export function argMax(b: Builder, x: Value, node: Node): Value {
  const axis = normaliseAxis(Number(node.attrs['axis']), x.shape.length, 'ArgMax');
  const size = Number(x.shape[axis]);
  const shape = x.shape.map((_, i) => (i === axis ? size : 1));
  const ranks = b.constant(
    tensorOf(
      'float32',
      shape,
      Array.from({ length: size }, (_, i) => size - i),
    ),
    'ranks',
  );
  const isMost = b.equal(x, b.reduceMax(x, [axis], true));
  const rank = b.reduceMax(b.where(isMost, ranks, 0), [axis], node.attrs['keepdims'] === 1, 'rank');
  return b.cast(b.sub(size, rank), 'int32', 'arg_max');
}

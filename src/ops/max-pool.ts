import { defineOp } from './define.js';
import { implied, only } from './attributes.js';
import { poolRules, pooledShape, settlePool, type PoolAttrs } from './pool-shape.js';

/**
 * Maximum of each window: x [N,C,H,W] -> y [N,C,OH,OW] and the flat int64 index of each maximum in x. Of equal maxima
 * the first in row-major order counts, as in PyTorch and ONNX Runtime. The codec leaves out indices that are not read.
 */
export const maxPool = defineOp<1, PoolAttrs>({
  name: 'MaxPool',
  arity: 1,
  // Column-major indices are not.
  attributes: { ...poolRules, dilations: implied([1, 1]), storage_order: only(0) },
  settle: (attrs, inputs) => settlePool('MaxPool', attrs, inputs),
  infer([x], attrs) {
    const shape = pooledShape('MaxPool', x, attrs);
    return [
      { dtype: x.dtype, shape },
      { dtype: 'int64', shape },
    ];
  },
  gradient({ b, x: [x], y, outputs: [, indices], dy, attrs }) {
    return [indices === undefined ? undefined : b.maxPoolGrad(x, y, indices, dy, attrs)];
  },
});

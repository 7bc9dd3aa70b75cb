import { broadcastShapes } from '../ir/index.js';
import { defineOp, sameDType } from './define.js';

/** y = a b. */
export const mul = defineOp<2>({
  name: 'Mul',
  source: 'https://onnx.ai/onnx/operators/onnx__Mul.html',
  arity: 2,
  attributes: {},
  infer([a, b]) {
    sameDType('Mul', a, b);
    return broadcastShapes(a.shape, b.shape, 'Mul');
  },
  gradient: ({ b, x: [u, v], dy }) => [b.mul(dy, v), b.mul(dy, u)],
});

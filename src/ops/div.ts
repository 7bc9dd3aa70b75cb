import { broadcastShapes } from '../ir/index.js';
import { defineOp, sameDType } from './define.js';

/** y = a / b, with db = -dy y / b. */
export const div = defineOp<2>({
  name: 'Div',
  source: 'https://onnx.ai/onnx/operators/onnx__Div.html',
  arity: 2,
  attributes: {},
  infer([a, b]) {
    sameDType('Div', a, b);
    return broadcastShapes(a.shape, b.shape, 'Div');
  },
  gradient: ({ b, x: [, v], y, dy }) => [b.div(dy, v), b.neg(b.div(b.mul(dy, y), v))],
});

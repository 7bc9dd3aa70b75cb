import { broadcastShapes } from '../ir/index.js';
import { defineOp, sameDType } from './define.js';

/** y = a - b. */
export const sub = defineOp<2>({
  name: 'Sub',
  source: 'https://onnx.ai/onnx/operators/onnx__Sub.html',
  arity: 2,
  attributes: {},
  infer([a, b]) {
    sameDType('Sub', a, b);
    return broadcastShapes(a.shape, b.shape, 'Sub');
  },
  gradient: ({ b, dy }) => [dy, b.neg(dy)],
});

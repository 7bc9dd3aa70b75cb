import { defineOp } from './define.js';

/** y = 1 / (1 + e^-x), with dx = dy y (1 - y). */
export const sigmoid = defineOp<1>({
  name: 'Sigmoid',
  source: 'https://onnx.ai/onnx/operators/onnx__Sigmoid.html',
  arity: 1,
  attributes: {},
  infer: ([x]) => x.shape,
  gradient: ({ b, y, dy }) => [b.mul(dy, b.mul(y, b.sub(1, y)))],
});

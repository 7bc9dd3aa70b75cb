import { defineOp } from './define.js';

/** y = tanh x, with dx = dy (1 - y^2). */
export const tanh = defineOp<1>({
  name: 'Tanh',
  source: 'https://onnx.ai/onnx/operators/onnx__Tanh.html',
  arity: 1,
  attributes: {},
  infer: ([x]) => x.shape,
  gradient: ({ b, y, dy }) => [b.mul(dy, b.sub(1, b.mul(y, y)))],
});

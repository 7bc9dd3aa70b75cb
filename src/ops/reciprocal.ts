import { defineOp } from './define.js';

/** y = 1 / x, with dx = -dy y^2. */
export const reciprocal = defineOp<1>({
  name: 'Reciprocal',
  source: 'https://onnx.ai/onnx/operators/onnx__Reciprocal.html',
  arity: 1,
  attributes: {},
  infer: ([x]) => x.shape,
  gradient: ({ b, y, dy }) => [b.neg(b.mul(dy, b.mul(y, y)))],
});

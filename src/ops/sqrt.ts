import { defineOp } from './define.js';

/** y = sqrt x, with dx = dy / 2y. */
export const sqrt = defineOp<1>({
  name: 'Sqrt',
  source: 'https://onnx.ai/onnx/operators/onnx__Sqrt.html',
  arity: 1,
  attributes: {},
  infer: ([x]) => x.shape,
  gradient: ({ b, y, dy }) => [b.div(b.mul(dy, 0.5), y)],
});

import { defineOp } from './define.js';

/** y = e^x. */
export const exp = defineOp<1>({
  name: 'Exp',
  source: 'https://onnx.ai/onnx/operators/onnx__Exp.html',
  arity: 1,
  attributes: {},
  infer: ([x]) => x.shape,
  gradient: ({ b, y, dy }) => [b.mul(dy, y)],
});

import { defineOp } from './define.js';

/** y = |x|; the gradient at 0 is 0, as in PyTorch. */
export const abs = defineOp<1>({
  name: 'Abs',
  source: 'https://onnx.ai/onnx/operators/onnx__Abs.html',
  arity: 1,
  attributes: {},
  infer: ([x]) => x.shape,
  gradient: ({ b, x: [x], dy }) => [b.mul(dy, b.sign(x))],
});

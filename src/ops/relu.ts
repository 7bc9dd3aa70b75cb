import { defineOp } from './define.js';

/** y = max(x, 0); the gradient at 0 is 0, as in PyTorch. */
export const relu = defineOp<1>({
  name: 'Relu',
  source: 'https://onnx.ai/onnx/operators/onnx__Relu.html',
  arity: 1,
  attributes: {},
  infer: ([x]) => x.shape,
  gradient: ({ b, y, dy }) => [b.where(b.greater(y, 0), dy, 0)],
});

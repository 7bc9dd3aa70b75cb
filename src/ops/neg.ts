import { defineOp } from './define.js';

/** y = -x. */
export const neg = defineOp<1>({
  name: 'Neg',
  source: 'https://onnx.ai/onnx/operators/onnx__Neg.html',
  arity: 1,
  attributes: {},
  infer: ([x]) => x.shape,
  gradient: ({ b, dy }) => [b.neg(dy)],
});

import { defineOp } from './define.js';

/** y = ln x. */
export const log = defineOp<1>({
  name: 'Log',
  source: 'https://onnx.ai/onnx/operators/onnx__Log.html',
  arity: 1,
  attributes: {},
  infer: ([x]) => x.shape,
  gradient: ({ b, x: [x], dy }) => [b.div(dy, x)],
});

import { defineOp } from './define.js';

/** y = x. */
export const identity = defineOp<1>({
  name: 'Identity',
  source: 'https://onnx.ai/onnx/operators/onnx__Identity.html',
  arity: 1,
  attributes: {},
  infer: ([x]) => x.shape,
  gradient: ({ dy }) => [dy],
});

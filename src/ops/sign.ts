import { defineOp } from './define.js';

/** y = -1, 0 or 1. */
export const sign = defineOp<1>({
  name: 'Sign',
  source: 'https://onnx.ai/onnx/operators/onnx__Sign.html',
  arity: 1,
  attributes: {},
  infer: ([x]) => x.shape,
  gradient: { none: 'piecewise constant' },
});

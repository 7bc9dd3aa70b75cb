import { defineOp } from './define.js';

/** The error function, with erf'(x) = 2 / sqrt(pi) e^(-x^2). */
export const erf = defineOp<1>({
  name: 'Erf',
  source: 'https://onnx.ai/onnx/operators/onnx__Erf.html',
  arity: 1,
  attributes: {},
  infer: ([x]) => x.shape,
  gradient: ({ b, x: [x], dy }) => [b.mul(dy, b.mul(b.exp(b.neg(b.mul(x, x))), 2 / Math.sqrt(Math.PI)))],
});

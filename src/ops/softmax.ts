import { exponential } from './families.js';

/** y = e^x / sum(e^x) along `axis`, with dx = y (dy - sum(dy y)); ONNX Runtime subtracts the maximum first. */
export const softmax = exponential('Softmax', ({ b, y, dy, attrs: { axis } }) => [
  b.mul(y, b.sub(dy, b.reduceSum(b.mul(dy, y), [axis], true))),
]);

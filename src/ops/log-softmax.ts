import { exponential } from './families.js';

/** y = x - ln sum(e^x) along `axis`, with dx = dy - e^y sum(dy). */
export const logSoftmax = exponential('LogSoftmax', ({ b, y, dy, attrs: { axis } }) => [
  b.sub(dy, b.mul(b.exp(y), b.reduceSum(dy, [axis], true))),
]);

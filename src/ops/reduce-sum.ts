import { reduction } from './families.js';
import { keptShape } from './reduce-shape.js';

/** Sum along `axes`: every summand receives dy. */
export const reduceSum = reduction('ReduceSum', ({ b, x: [x], dy, attrs: { axes } }) => [
  b.expandLike(b.reshape(dy, keptShape(x.shape, axes)), x),
]);

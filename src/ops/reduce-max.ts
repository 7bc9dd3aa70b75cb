import { reduction } from './families.js';
import { keptShape } from './reduce-shape.js';

/** Maximum along `axes`; equal maxima share dy evenly, as PyTorch's amax does. */
export const reduceMax = reduction('ReduceMax', ({ b, x: [x], y, dy, attrs: { axes } }) => {
  const kept = keptShape(x.shape, axes);
  const mask = b.cast(b.equal(x, b.reshape(y, kept)), x.dtype);
  return [b.mul(mask, b.div(b.reshape(dy, kept), b.reduceSum(mask, axes, true)))];
});

import { reduction } from './families.js';
import { keptShape } from './reduce-shape.js';

/** Mean along `axes`: every element receives dy / count. */
export const reduceMean = reduction('ReduceMean', ({ b, x: [x], dy, attrs: { axes } }) => {
  const share = b.div(b.reshape(dy, keptShape(x.shape, axes)), b.cast(b.count(x, axes), x.dtype));
  return [b.expandLike(share, x)];
});

import type { Value } from '../../ir/index.js';
import type { Forms } from './forms.js';
import { dims4 } from '../rewrite/dims.js';

/** A blocked image with `left` and `right` columns of zeros written out; made once for all that need it. */
export function widened(f: Forms, x: Value, left: number, right: number): Value {
  if (left === 0 && right === 0) return x;
  const [n, c, h, w] = dims4(x);
  return f.once(`${x.name} widened ${left} ${right}`, () => {
    const lines = f.b.reshape(x, [(n * c * h) / f.block, w, f.block]);
    return f.b.reshape(f.b.pad(lines, [0, left, 0, 0, right, 0], 'widened'), [n, c, h, w + left + right]);
  });
}

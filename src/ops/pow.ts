import { binary } from './families.js';

/** y = a^b, with da = dy b a^(b-1), 0 for b = 0, and db = dy y ln a for a > 0, 0 where y is 0 (lim y ln a). */
export const pow = binary('Pow', ({ b, x: [u, v], y, dy }) => [
  b.where(b.equal(v, 0), 0, b.mul(dy, b.mul(v, b.pow(u, b.sub(v, 1))))),
  b.where(b.equal(y, 0), 0, b.mul(dy, b.mul(y, b.log(u)))),
]);

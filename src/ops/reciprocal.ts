import { unary } from './families.js';

/** y = 1 / x, with dx = -dy y^2. */
export const reciprocal = unary('Reciprocal', ({ b, y, dy }) => [b.neg(b.mul(dy, b.mul(y, y)))]);

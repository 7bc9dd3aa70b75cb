import { unary } from './families.js';

/** y = 1 / (1 + e^-x), with dx = dy y (1 - y). */
export const sigmoid = unary('Sigmoid', ({ b, y, dy }) => [b.mul(dy, b.mul(y, b.sub(1, y)))]);

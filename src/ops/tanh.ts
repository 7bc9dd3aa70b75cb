import { unary } from './families.js';

/** y = tanh x, with dx = dy (1 - y^2). */
export const tanh = unary('Tanh', ({ b, y, dy }) => [b.mul(dy, b.sub(1, b.mul(y, y)))]);

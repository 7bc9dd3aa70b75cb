import { unary } from './families.js';

/** y = sqrt x, with dx = dy / 2y. */
export const sqrt = unary('Sqrt', ({ b, y, dy }) => [b.div(b.mul(dy, 0.5), y)]);

import { unary } from './families.js';

/** y = e^x. */
export const exp = unary('Exp', ({ b, y, dy }) => [b.mul(dy, y)]);

import { unary } from './families.js';

/** y = -x. */
export const neg = unary('Neg', ({ b, dy }) => [b.neg(dy)]);

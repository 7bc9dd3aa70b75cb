import { unary } from './families.js';

/** y = |x|; the gradient at 0 is 0, as in PyTorch. */
export const abs = unary('Abs', ({ b, x: [x], dy }) => [b.mul(dy, b.sign(x))]);

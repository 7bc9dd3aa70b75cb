import { unary } from './families.js';

/** y = max(x, 0); the gradient at 0 is 0, as in PyTorch. */
export const relu = unary('Relu', ({ b, y, dy }) => [b.where(b.greater(y, 0), dy, 0)]);

import { unary } from './families.js';

/** The error function, with erf'(x) = 2 / sqrt(pi) e^(-x^2). */
export const erf = unary('Erf', ({ b, x: [x], dy }) => [
  b.mul(dy, b.mul(b.exp(b.neg(b.mul(x, x))), 2 / Math.sqrt(Math.PI))),
]);

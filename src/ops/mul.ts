import { binary } from './families.js';

/** y = a b. */
export const mul = binary('Mul', ({ b, x: [u, v], dy }) => [b.mul(dy, v), b.mul(dy, u)]);

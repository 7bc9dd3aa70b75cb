import { unary } from './families.js';

/** y = ln x. */
export const log = unary('Log', ({ b, x: [x], dy }) => [b.div(dy, x)]);

import { binary } from './families.js';

/** y = a / b, with db = -dy y / b. */
export const div = binary('Div', ({ b, x: [, v], y, dy }) => [b.div(dy, v), b.neg(b.div(b.mul(dy, y), v))]);

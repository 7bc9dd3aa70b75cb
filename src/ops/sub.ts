import { binary } from './families.js';

/** y = a - b. */
export const sub = binary('Sub', ({ b, dy }) => [dy, b.neg(dy)]);

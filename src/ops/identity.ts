import { unary } from './families.js';

/** y = x. */
export const identity = unary('Identity', ({ dy }) => [dy]);

import { unary } from './families.js';

/** y = -1, 0 or 1. */
export const sign = unary('Sign', { none: 'piecewise constant' });

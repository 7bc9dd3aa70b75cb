import { comparison } from './families.js';

/** a > b, elementwise. */
export const greater = comparison('Greater');

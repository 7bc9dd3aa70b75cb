import { comparison } from './families.js';

/** a < b, elementwise. */
export const less = comparison('Less');

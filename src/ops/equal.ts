import { comparison } from './families.js';

/** a = b, elementwise. */
export const equal = comparison('Equal');

import { binary } from './families.js';

/** y = a + b. */
export const add = binary('Add', ({ dy }) => [dy, dy]);

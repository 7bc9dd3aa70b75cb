import { extreme } from './families.js';

/** The maximum of one or more operands; those that are equal share the gradient, as in PyTorch. */
export const max = extreme('Max', (b, u, v) => b.greater(u, v));

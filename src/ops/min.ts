import { extreme } from './families.js';

/** The minimum of one or more operands; those that are equal share the gradient, as in PyTorch. */
export const min = extreme('Min', (b, u, v) => b.less(u, v));

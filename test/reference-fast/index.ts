import type { Kernel } from '../reference/kernel.js';
import { fastConvolutions } from './conv.js';
import { fastElementwise } from './elementwise.js';
import { fastNorms } from './norm.js';

/**
 * Float64 kernels that are quick enough for whole networks, to take the place of the reference's. They follow the same
 * definitions by other ways (matrix products, closed forms), and are held against the reference in kernels.test.ts.
 */
export const fastKernels: Readonly<Record<string, Kernel>> = {
  ...fastConvolutions,
  ...fastElementwise,
  ...fastNorms,
};

import type { GradientCase } from '../check.js';
import { blockCases } from './blocks.js';
import { composedCases, secondCases } from './composed.js';
import { convCases, convSecondCases } from './conv.js';
import { elementwiseCases } from './elementwise.js';
import { layoutCases } from './layout.js';
import { linearCases } from './linear.js';
import { normCases } from './norm.js';
import { poolCases } from './pool.js';
import { reduceCases } from './reduce.js';

/** Every checked function, in groups. */
export const caseGroups: Readonly<Record<string, readonly GradientCase[]>> = {
  elementwise: elementwiseCases,
  reductions: reduceCases,
  layout: layoutCases,
  linear: linearCases,
  convolutions: convCases,
  pooling: poolCases,
  normalisation: normCases,
  'residual blocks': blockCases,
  'second derivatives': [...secondCases, ...convSecondCases],
  composed: composedCases,
};

export const allCases: readonly GradientCase[] = Object.values(caseGroups).flat();

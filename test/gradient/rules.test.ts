import { describe, expect, test } from 'vitest';
import { ops } from '../../src/ops/index.js';
import { kernels } from '../reference/evaluate.js';
import { allCases, caseGroups } from './cases/index.js';
import { buildCase, checkGradient } from './check.js';

const usesBatch = (test: (typeof allCases)[number]): boolean =>
  Object.values(test.inputs).some(({ shape }) => shape.some((dim) => typeof dim === 'string'));

describe.each(Object.entries(caseGroups))('gradients of %s', (_, cases) => {
  test.each(cases)('$name', (one) => {
    checkGradient(one, { sample: 50 });
    // The same rules run again on a graph that does not know the batch: a sample shows whether they still fit.
    if (usesBatch(one)) checkGradient(one, { batch: 3, symbolic: true, sample: 8 });
  });
});

describe('coverage', () => {
  test('every operator with a gradient rule is checked', () => {
    const checked = new Set(allCases.flatMap((one) => buildCase(one, 2).forward));
    const ruled = Object.values(ops).filter(({ gradient }) => typeof gradient === 'function');
    expect(ruled.map(({ name }) => name).filter((name) => !checked.has(name))).toEqual([]);
  });

  test('the reference has a kernel for every operator', () => {
    expect(Object.keys(ops).filter((name) => !Object.hasOwn(kernels, name))).toEqual([]);
  });

  test('names of cases are unique', () => {
    const names = allCases.map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });
});

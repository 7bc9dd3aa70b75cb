import { describe, expect, test } from 'vitest';
import { blockSize } from '../lower/helpers.js';
import { architectures } from './architectures.js';
import { fuzz } from './fuzz.js';
import { operators } from './operators.js';

/** The fixed part of `npm run fuzz`: as many cases as take a quarter of a minute, the same ones in every run. */
const SEED = 20_261_128;

/** Those cases that are wrong, in words. */
async function wrongOf(kind: string, cases: number): Promise<string[]> {
  const wrong: string[] = [];
  for await (const result of fuzz({ seed: SEED, cases, kind, block: blockSize })) {
    const { index, wrong: differences, fallback, left, test: drawn } = result;
    // An image from outside, or one operator alone, is left where it lies.
    const portable =
      drawn?.network === undefined ? [] : left.filter((node) => /^(Conv|BatchNorm)/.test(node));
    const kept = portable.map((node) => `portable: ${node}`);
    const all = [...differences, ...kept, ...(fallback === undefined ? [] : [`falls back: ${fallback}`])];
    if (all.length > 0) wrong.push(`case ${index}, ${drawn?.name ?? ''}: ${all.join('; ')}`);
  }
  return wrong;
}

describe('random operators agree in every form', () => {
  test.each(Object.keys(operators))('%s', async (kind) => {
    expect(await wrongOf(kind, 2)).toEqual([]);
  });
});

describe('random networks agree in every form, and none falls back', () => {
  test.each(Object.keys(architectures))('%s', async (kind) => {
    expect(await wrongOf(kind, 1)).toEqual([]);
  });
});

describe('the fuzzer', () => {
  test('draws the same case again', async () => {
    const names = async (): Promise<(string | undefined)[]> => {
      const drawn: (string | undefined)[] = [];
      for await (const { test: one } of fuzz({ seed: 5, cases: 4, forms: [], block: undefined }))
        drawn.push(one?.name);
      return drawn;
    };
    const first = await names();
    expect(new Set(first).size).toBe(4);
    expect(await names()).toEqual(first);
  });
});

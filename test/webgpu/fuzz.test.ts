import { describe, expect, test } from 'vitest';
import { fuzz } from '../fuzz/fuzz.js';
import { hasWebgpu } from '../helpers/webgpu.js';

/** A small part of the fuzzer on WebGPU itself, where every pipeline takes a software adapter a tenth of a second. */
const kinds = {
  ...{ Conv: 4, ConvTranspose: 2, MaxPool: 2, AveragePool: 1, BatchNormTrain: 1 },
  ...{ resnext: 1, wild: 1 },
};

describe.skipIf(!(await hasWebgpu()))('random operators and networks on WebGPU', () => {
  test.each(Object.entries(kinds))('%s', async (kind, cases) => {
    const wrong: string[] = [];
    for await (const result of fuzz({
      seed: 5,
      cases,
      kind,
      forms: ['portable', 'webgpu'],
      block: undefined,
    })) {
      if (result.wrong.length > 0) wrong.push(`${result.test?.name ?? ''}: ${result.wrong.join('; ')}`);
    }
    expect(wrong).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { probeBlockSize } from '../../src/lower/cpu/index.js';

/** What ReorderInput makes of [1,C,1,2] in blocks of `block` channels. */
function reordered(input: Float32Array, block: number): Float32Array {
  const channels = input.length / 2;
  return input.map((_, at) => {
    const [group, rest] = [Math.floor(at / (2 * block)), at % (2 * block)];
    const channel = group * block + (rest % block);
    return channel < channels ? (input[2 * channel + Math.floor(rest / block)] ?? NaN) : 0;
  });
}

describe('probeBlockSize', () => {
  it.each([8, 16])('finds blocks of %i', async (block) => {
    expect(await probeBlockSize(async (_, input) => Promise.resolve(reordered(input, block)))).toBe(block);
  });

  it('finds none where the runtime leaves the layout alone, or cannot', async () => {
    expect(await probeBlockSize(async (_, input) => Promise.resolve(input))).toBeUndefined();
    expect(await probeBlockSize(async () => Promise.reject(new Error('no such operator')))).toBeUndefined();
  });
});

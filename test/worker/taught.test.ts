import { describe, expect, test } from 'vitest';
import { prepareBatch, type Batch } from '../../src/data/index.js';
import { DataError, OptionError } from '../../src/errors.js';
import type { PixelImage } from '../../src/export/index.js';
import { Taught } from '../../src/worker/taught.js';
import { smallSet } from '../data/helpers.js';

const drawn = (value: number): PixelImage => ({
  pixels: new Uint8Array(12).fill(value),
  channels: 1,
  height: 4,
  width: 3,
});

const batchOf = async (size: number): Promise<Batch> => ({
  ...(await prepareBatch(
    smallSet(size),
    Array.from({ length: size }, (_, i) => i),
  )),
  index: 0,
});

/** The labels 100.. of those that were mixed in. */
async function mixed(taught: Taught, size: number, step: number): Promise<readonly number[]> {
  const batch = await batchOf(size);
  await taught.mixInto(batch, step, undefined);
  return Array.from(batch.labels).filter((label) => label >= 100);
}

const teach = (count: number): Taught =>
  Array.from({ length: count }).reduce<Taught>((all, _, i) => all.with(drawn(i), 100 + i), new Taught());

describe('taught images', () => {
  test('take the last places of a batch, normalised as the others', async () => {
    const batch = await batchOf(8);
    const before = batch.images.slice();
    await teach(1).mixInto(batch, 1, { mean: [0.5], std: [0.25] });
    expect(batch.images.subarray(0, 84)).toEqual(before.subarray(0, 84));
    expect(Array.from(batch.images.subarray(84))).toEqual(new Array<number>(12).fill(-2));
    expect(Array.from(batch.labels)).toEqual([0, 1, 2, 3, 4, 5, 6, 100]);
  });

  test('have their own label as their target in a batch of mixed ones', async () => {
    const soft = { ...(await batchOf(8)), targets: new Float32Array(8 * 10).fill(0.1) };
    await new Taught().with(drawn(1), 7).mixInto(soft, 1, undefined);
    expect(soft.targets.subarray(0, 70)).toEqual(new Float32Array(70).fill(0.1));
    expect([...soft.targets.subarray(70)]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
  });

  test('take an eighth of a batch at most, and turns', async () => {
    expect(await mixed(teach(0), 64, 1)).toEqual([]);
    expect(await mixed(teach(3), 64, 1)).toHaveLength(3);
    expect(await mixed(teach(20), 64, 1)).toHaveLength(8);
    // Small batches keep most of their own images.
    expect(await mixed(teach(20), 2, 1)).toHaveLength(1);
    expect(await mixed(teach(20), 1, 1)).toHaveLength(0);
    const seen = new Set<number>();
    for (const step of [1, 2, 3]) {
      for (const label of await mixed(teach(20), 64, step)) seen.add(label);
    }
    expect(seen.size).toBe(20);
  });

  test('depend on the step alone', async () => {
    expect(await mixed(teach(20), 64, 5)).toEqual(await mixed(teach(20), 64, 5));
    expect(await mixed(teach(20), 64, 5)).not.toEqual(await mixed(teach(20), 64, 6));
  });

  test('are copies', () => {
    const image = drawn(9);
    const taught = new Taught().with(image, 3);
    image.pixels.fill(0);
    expect(taught.items[0]?.image.pixels[0]).toBe(9);
  });

  test('have one size, and labels that can be ones', () => {
    const wide: PixelImage = { pixels: new Uint8Array(16), channels: 1, height: 4, width: 4 };
    expect(() => teach(1).with(wide, 1)).toThrow(DataError);
    expect(() => teach(1).with(wide, 1)).toThrow('taught image: expected 1x4x3 pixels, got 1x4x4');
    expect(() => new Taught().with({ ...wide, width: 5 }, 1)).toThrow(
      'expected 1x4x5 pixels, got 1x4x5 in 16 bytes',
    );
    for (const label of [-1, 0.5, 256, NaN])
      expect(() => new Taught().with(drawn(1), label)).toThrow(OptionError);
  });

  test('say why they do not fit a data set', () => {
    expect(new Taught().misfit(smallSet(3))).toBeUndefined();
    expect(new Taught().with(drawn(1), 9).misfit(smallSet(3))).toBeUndefined();
    expect(new Taught().with(drawn(1), 10).misfit(smallSet(3))).toBe(
      'one has the label 10, small has 10 classes',
    );
    expect(teach(1).misfit(smallSet(3, { width: 5 }))).toBe('they are 1x4x3, small has 1x4x5');
  });
});

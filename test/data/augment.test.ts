import { describe, expect, it } from 'vitest';
import { copyPlane, placement, type Augmentation } from '../../src/data/augment.js';
import { batches, type BatchOptions } from '../../src/data/batches.js';
import { epochOrder } from '../../src/data/epoch-order.js';
import { channelStatistics } from '../../src/data/normalization.js';
import { OptionError } from '../../src/errors.js';
import { all as allOf } from '../helpers/memory.js';
import { smallSet } from './helpers.js';

const set = smallSet(23, { channels: 3, height: 5, width: 4 });
const size = 3 * 5 * 4;
const augment = { pad: 2, crop: true, flip: true };

/** All images of an epoch as text, by their index in the data set. */
async function byIndex(options: Partial<BatchOptions>): Promise<ReadonlyMap<number, string>> {
  const all = { batchSize: 4, shuffle: true, seed: 3, epoch: 1, augment, ...options };
  const order = epochOrder(set.count, all);
  const images = new Map<number, string>();
  for await (const batch of batches(set, all)) {
    for (let i = 0; i < batch.size; i++) {
      const index = order[batch.index * all.batchSize + i] ?? -1;
      images.set(index, batch.images.slice(i * size, (i + 1) * size).join());
    }
  }
  return images;
}

describe('augmentation', () => {
  it('pads, cuts and mirrors: by hand', () => {
    const plane = { pixels: Uint8Array.of(9, 1, 2, 3, 4, 5, 6), from: 1, to: 0, height: 2, width: 3 };
    const table = Float32Array.from({ length: 256 }, (_, v) => v - 1);
    const change = (down: number, right: number, flip: boolean): number[] => {
      const images = new Float32Array(6);
      copyPlane({ ...plane, table, images }, { down, right, flip });
      return [...images];
    };
    expect(change(0, 0, false)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(change(0, 0, true)).toEqual([2, 1, 0, 5, 4, 3]);
    // Black is pixel 0, normalised as the rest: here -1.
    expect(change(1, -1, false)).toEqual([-1, 3, 4, -1, -1, -1]);
    expect(change(1, -1, true)).toEqual([4, 3, -1, -1, -1, -1]);
  });

  it('does not depend on batch size, order, or where the epoch goes on', async () => {
    const expected = await byIndex({});
    expect(expected.size).toBe(set.count);
    for (const options of [{ batchSize: 23 }, { batchSize: 1 }, { shuffle: false }, { reuse: true }]) {
      const came = await byIndex(options);
      for (const [index, image] of expected) expect(came.get(index)).toBe(image);
    }
    const rest = await byIndex({ from: 3 });
    expect(rest.size).toBe(set.count - 3 * 4);
    for (const [index, image] of rest) expect(image).toBe(expected.get(index));
  });

  it('differs for each epoch and seed', async () => {
    const texts = new Set<string>();
    for (const options of [{}, { epoch: 2 }, { seed: 4 }, { seed: 3 + 2 ** 32 }]) {
      texts.add([...(await byIndex(options)).values()].sort().join());
    }
    expect(texts.size).toBe(4);
  });

  it('takes each place and each side equally often', () => {
    // 9000 draws in 18 cells: mean 500, sigma 22. Five sigma for 18 cells: 1 in 100000; seeded.
    const counts = new Map<string, number>();
    for (let index = 0; index < 9000; index++) {
      const key = Object.values(placement({ pad: 1, flip: true }, { seed: 5, epoch: 2, index })).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(18);
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(110);
  });

  it('changes nothing where nothing is asked for', async () => {
    expect(await byIndex({ augment: {} })).toEqual(await byIndex({ augment: { pad: 0, flip: false } }));
    const [plain] = await allOf(batches(set, { batchSize: 23 }));
    const [same] = await allOf(batches(set, { batchSize: 23, augment: {} }));
    expect(same?.images).toEqual(plain?.images);
  });

  it('stays the same in all versions and on all platforms', () => {
    const draws = [0, 1, 2].map((index) => placement({ pad: 4, flip: true }, { seed: 1, epoch: 0, index }));
    expect(draws).toMatchSnapshot();
  });

  it.each([
    [{ pad: -1 }, 'augment.pad: expected a whole number from 0 to 4 for images of 5x4, got -1'],
    [{ pad: 1.5 }, 'augment.pad'],
    [{ pad: 5 }, 'augment.pad'],
    [{ pad: 2, crop: false }, 'augment.crop: expected true'],
    [{ crop: true }, 'augment.pad: expected at least 1'],
    [{ flip: 'yes' } as unknown as Augmentation, 'augment.flip: expected true or false, got yes'],
  ])('refuses %j at once', (wrong: Augmentation, message) => {
    const ask = (): unknown => batches(set, { batchSize: 2, augment: wrong });
    expect(ask).toThrow(OptionError);
    expect(ask).toThrow(message);
  });
});

describe('channelStatistics', () => {
  it('makes mean 0 and variance 1', async () => {
    const statistics = await channelStatistics(set);
    const [batch] = await allOf(batches(set, { batchSize: set.count, ...statistics }));
    for (let c = 0; c < 3; c++) {
      const values = Array.from(batch?.images ?? []).filter((_, i) => Math.floor(i / 20) % 3 === c);
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
      // float32 rounding of 460 values of about 1.
      expect(mean).toBeCloseTo(0, 6);
      expect(variance).toBeCloseTo(1, 6);
    }
  });
});

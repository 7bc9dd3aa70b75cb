import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchCount, batches, type BatchOptions } from '../../src/data/batches.js';
import { epochOrder } from '../../src/data/epoch-order.js';
import { prepareBatch } from '../../src/data/prepare-batch.js';
import { OptionError } from '../../src/errors.js';
import { all } from '../helpers/memory.js';
import { smallSet } from './helpers.js';

describe('epochOrder', () => {
  it('is a permutation, the same for the same seed and epoch', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.maxSafeNat(), fc.nat(1000), (count, seed, epoch) => {
        const order = epochOrder(count, { shuffle: true, seed, epoch });
        expect(order.slice().sort()).toEqual(Uint32Array.from({ length: count }, (_, i) => i));
        expect(epochOrder(count, { shuffle: true, seed, epoch })).toEqual(order);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it('differs for each seed and each epoch', () => {
    // Of 50! orders, two are the same by chance once in 10^64.
    const orders = new Set<string>();
    const seeds = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
    for (const seed of seeds) {
      for (let epoch = 0; epoch < 50; epoch++) {
        orders.add(epochOrder(50, { shuffle: true, seed, epoch }).join());
      }
    }
    expect(orders.size).toBe(seeds.length * 50);
  });

  it('puts every item everywhere equally often', () => {
    // 5 items, 20000 epochs: each cell is binomial, mean 4000, sigma 57. Five sigma for 25 cells: 1 in 70000; seeded.
    const counts = Array.from({ length: 5 }, () => [0, 0, 0, 0, 0]);
    for (let epoch = 0; epoch < 20_000; epoch++) {
      epochOrder(5, { shuffle: true, seed: 7, epoch }).forEach((item, place) => {
        const row = counts[item];
        if (row) row[place] = (row[place] ?? 0) + 1;
      });
    }
    for (const cell of counts.flat()) expect(Math.abs(cell - 4000)).toBeLessThan(285);
  });

  it('stays the same in all versions and on all platforms', () => {
    expect([...epochOrder(10, { shuffle: true, seed: 1, epoch: 0 })]).toMatchInlineSnapshot(`
      [
        3,
        4,
        7,
        1,
        8,
        2,
        9,
        5,
        6,
        0,
      ]
    `);
    expect([...epochOrder(10, { shuffle: true, seed: 1, epoch: 1 })]).toMatchInlineSnapshot(`
      [
        8,
        2,
        6,
        3,
        1,
        7,
        9,
        0,
        5,
        4,
      ]
    `);
  });

  it('keeps the order of the file without shuffling', () => {
    expect([...epochOrder(5, { shuffle: false, seed: 1, epoch: 3 })]).toEqual([0, 1, 2, 3, 4]);
    expect(epochOrder(0, { shuffle: true, seed: 1, epoch: 3 })).toHaveLength(0);
  });

  it.each([
    ['count', -1, 0, 0],
    ['count', 1.5, 0, 0],
    ['seed', 3, -1, 0],
    ['seed', 3, 2 ** 53, 0],
    ['epoch', 3, 0, 0.5],
    ['epoch', 3, 0, 2 ** 32],
  ])('refuses %s out of range', (option, count, seed, epoch) => {
    const ask = (): unknown => epochOrder(count, { shuffle: true, seed, epoch });
    expect(ask).toThrow(OptionError);
    expect(ask).toThrow(`${option}: expected a whole number from 0 to`);
  });
});

describe('prepareBatch', () => {
  const set = smallSet(10, { channels: 3 });
  const order = epochOrder(10, { shuffle: true, seed: 1, epoch: 0 });
  const area = 4 * 3;
  const f = Math.fround;

  it('copies the items asked for, normalised for each channel, in float32 steps', async () => {
    const mean = [0.1, 0.5, -0.2];
    const std = [0.5, 0.25, 0.75];
    const { images, labels, size } = await prepareBatch(set, order.subarray(2, 6), undefined, { mean, std });
    expect([images.length, labels.length, size]).toEqual([4 * 3 * area, 4, 4]);
    for (let item = 0; item < 4; item++) {
      const index = order[2 + item] ?? -1;
      expect(labels[item]).toBe(set.labels[index] ?? -1);
      for (let at = 0; at < 3 * area; at++) {
        const c = Math.floor(at / area);
        const pixel = set.images[index * 3 * area + at] ?? -1;
        // Bit for bit: the same float32 operations.
        const expected = f(f(f(pixel / 255) - f(mean[c] ?? 0)) / f(std[c] ?? 0));
        expect(images[item * 3 * area + at]).toBe(expected);
      }
    }
  });

  it('divides by 255 only, without mean and std', async () => {
    const { images } = await prepareBatch(set, [3]);
    expect(images).toEqual(
      Float32Array.from(set.images.subarray(3 * 3 * area, 4 * 3 * area), (pixel) => pixel / 255),
    );
  });

  it('writes into memory that is given, and not behind what it needs', async () => {
    const out = { images: new Float32Array(4 * 3 * area).fill(9), labels: new Int32Array(4).fill(99) };
    const { images, labels, size } = await prepareBatch(set, [7, 2], out);
    expect([images.buffer === out.images.buffer, labels.buffer === out.labels.buffer]).toEqual([true, true]);
    expect([images.length, labels.length, size]).toEqual([2 * 3 * area, 2, 2]);
    expect([...out.labels]).toEqual([7, 2, 99, 99]);
    expect(images).toEqual((await prepareBatch(set, [7, 2])).images);
    expect(out.images.subarray(2 * 3 * area).every((value) => value === 9)).toBe(true);
  });

  const out = { images: new Float32Array(2 * 3 * area), labels: new Int32Array(2) };
  const cases: readonly [string, () => Promise<unknown>, string][] = [
    [
      'short memory for images',
      () => prepareBatch(set, [0, 1, 2], { ...out, labels: new Int32Array(3) }),
      'out.images: expected at least 108 elements, got 72',
    ],
    [
      'short memory for labels',
      () => prepareBatch(set, [0, 1], { ...out, labels: new Int32Array(1) }),
      'out.labels: expected at least 2 elements, got 1',
    ],
    [
      'one mean for three channels',
      () => prepareBatch(set, [0], out, { mean: [0.5] }),
      'mean: expected 3 numbers up to 1, one for each channel, got [0.5]',
    ],
    [
      'a mean that is not finite',
      () => prepareBatch(set, [0], out, { mean: [0, NaN, 0] }),
      'got [0, NaN, 0]',
    ],
    [
      'a std of 0',
      () => prepareBatch(set, [0], out, { std: [1, 0, 1] }),
      'std: expected 3 numbers above 0, up to 1, one for each channel, got [1, 0, 1]',
    ],
    [
      'an index of another set',
      () => prepareBatch(set, Uint32Array.of(3, 10)),
      'indices: expected whole numbers from 0 to 9, got 10 at place 1',
    ],
    ['a negative index', () => prepareBatch(set, [-1]), 'got -1 at place 0'],
    ['a broken index', () => prepareBatch(set, [0.5]), 'got 0.5 at place 0'],
  ];
  it.each(cases)('refuses %s', async (_, ask, message) => {
    await expect(ask()).rejects.toThrow(OptionError);
    await expect(ask()).rejects.toThrow(message);
  });
});

describe('batches', () => {
  const set = smallSet(10);
  const sizes = async (options: BatchOptions): Promise<number[]> =>
    (await all(batches(set, options))).map(({ size }) => size);
  const labelsOf = async (options: BatchOptions): Promise<number[]> =>
    (await all(batches(set, options))).flatMap(({ labels }) => [...labels]);

  it('neither drops nor pads the last batch', async () => {
    expect(await sizes({ batchSize: 4 })).toEqual([4, 4, 2]);
    expect(await sizes({ batchSize: 5 })).toEqual([5, 5]);
    expect(await sizes({ batchSize: 10 })).toEqual([10]);
    expect((await all(batches(set, { batchSize: 4 }))).map(({ index }) => index)).toEqual([0, 1, 2]);
    expect([batchCount(10, 4), batchCount(10, 5), batchCount(60_000, 64)]).toEqual([3, 2, 938]);
  });

  it('keeps the order of the file unless told to shuffle', async () => {
    expect(await labelsOf({ batchSize: 3, seed: 1, epoch: 5 })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('shuffles by seed and epoch, and shows every image once', async () => {
    const first = await labelsOf({ batchSize: 3, shuffle: true, seed: 1, epoch: 0 });
    expect(first).toEqual([...epochOrder(10, { shuffle: true, seed: 1, epoch: 0 })]);
    expect(await labelsOf({ batchSize: 3, shuffle: true, seed: 1, epoch: 0 })).toEqual(first);
    expect(await labelsOf({ batchSize: 3, shuffle: true, seed: 1, epoch: 1 })).not.toEqual(first);
    expect(await labelsOf({ batchSize: 3, shuffle: true, seed: 2, epoch: 0 })).not.toEqual(first);
    expect(first.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('goes on in the middle of an epoch as if it had begun at its start', async () => {
    const options = { batchSize: 3, shuffle: true, seed: 1, epoch: 2 };
    const whole = await all(batches(set, options));
    expect(await all(batches(set, { ...options, from: 2 }))).toEqual(whole.slice(2));
    expect(await all(batches(set, { ...options, from: 4 }))).toEqual([]);
  });

  it('can be walked through again', async () => {
    const epoch = batches(set, { batchSize: 4, shuffle: true });
    expect(await all(epoch)).toEqual(await all(epoch));
  });

  it('gives each batch memory of its own, unless told to reuse it', async () => {
    const buffers = async (reuse: boolean): Promise<number> =>
      new Set((await all(batches(set, { batchSize: 4, reuse }))).map(({ images }) => images.buffer)).size;
    expect([await buffers(false), await buffers(true)]).toEqual([3, 1]);
    for await (const { images, labels, index, size } of batches(set, { batchSize: 4, reuse: true })) {
      const expected = await prepareBatch(
        set,
        Array.from({ length: size }, (_, i) => index * 4 + i),
      );
      expect({ images, labels, size }).toEqual(expected);
    }
  });

  it('normalises', async () => {
    const [first] = await all(batches(set, { batchSize: 2, mean: [0.5], std: [0.25] }));
    const expected = await prepareBatch(set, [0, 1], undefined, { mean: [0.5], std: [0.25] });
    expect(first?.images).toEqual(expected.images);
  });

  it.each([
    [{ batchSize: 0 }, 'batch size: expected a whole number of at least 1, got 0'],
    [{ batchSize: 2.5 }, 'batch size: expected a whole number of at least 1, got 2.5'],
    [{ batchSize: NaN }, 'batch size: expected a whole number of at least 1, got NaN'],
    [{ batchSize: 11 }, 'batch size: expected at most 10, the number of images in small, got 11'],
    [{ batchSize: 2, mean: [0, 0] }, 'mean: expected 1 numbers up to 1'],
    [{ batchSize: 2, seed: -1 }, 'seed: expected a whole number from 0'],
    [{ batchSize: 2, from: -1 }, 'from: expected a whole number from 0'],
    [{ batchSize: 2, epoch: 0.5 }, 'epoch: expected a whole number from 0'],
  ])('refuses %j, before the first batch', (options, message) => {
    expect(() => batches(set, options)).toThrow(OptionError);
    expect(() => batches(set, options)).toThrow(message);
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkSplit } from '../../src/data/checks.js';
import type { MemoryDataset } from '../../src/data/dataset.js';
import { embeddedDigits } from '../../src/data/digits/index.js';
import { style } from '../../src/data/digits/skeletons.js';
import { OptionError } from '../../src/errors.js';

const AREA = 28 * 28;
const imageOf = (set: MemoryDataset, i: number): Uint8Array => set.images.subarray(i * AREA, (i + 1) * AREA);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('embeddedDigits', () => {
  const split = embeddedDigits({ train: 1000, test: 200, seed: 5 });

  it('is a data set in MNIST format', () => {
    checkSplit(split);
    const { train, test } = split;
    expect([train.name, test.name, train.count, test.count]).toEqual([
      'digits/train',
      'digits/test',
      1000,
      200,
    ]);
    expect(train.shape).toEqual([1, 28, 28]);
    expect(train.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  it('has all digits equally often, mixed', () => {
    const counts = new Array<number>(10).fill(0);
    for (const label of split.train.labels) counts[label] = (counts[label] ?? 0) + 1;
    expect(counts).toEqual(new Array(10).fill(100));
    // 1000 shuffled labels have equal neighbours about 100 times; sorted ones 990 times, cyclic ones never.
    const equal = split.train.labels.filter((label, i) => label === split.train.labels[i - 1]).length;
    expect(equal).toBeGreaterThan(60);
    expect(equal).toBeLessThan(140);
    expect(embeddedDigits({ train: 7, test: 1 }).train.labels.every((label) => label < 10)).toBe(true);
  });

  it('has light ink on black, in a box of 20x20, centred by mass', () => {
    for (let i = 0; i < split.train.count; i++) {
      let [mass, x, y] = [0, 0, 0];
      const [columns, rows] = [new Set<number>(), new Set<number>()];
      imageOf(split.train, i).forEach((ink, at) => {
        if (ink === 0) return;
        const [column, row] = [at % 28, Math.floor(at / 28)];
        mass += ink;
        x += ink * column;
        y += ink * row;
        columns.add(column);
        rows.add(row);
      });
      const extent = Math.max(columns.size, rows.size);
      expect(extent).toBeLessThanOrEqual(20);
      expect(extent).toBeGreaterThanOrEqual(16);
      // Whole pixels are shifted, so half a pixel may remain; more only where the box would leave the image.
      expect(Math.abs(x / mass - 14)).toBeLessThanOrEqual(1.5);
      expect(Math.abs(y / mass - 14)).toBeLessThanOrEqual(1.5);
      // From a thin 1 to a thick 8: between 2 and 45 in 100 of the image's ink.
      expect(mass / (255 * AREA)).toBeGreaterThan(0.02);
      expect(mass / (255 * AREA)).toBeLessThan(0.45);
    }
  });

  it('is antialiased', () => {
    const levels = new Set(split.train.images);
    expect(levels.size).toBeGreaterThan(200);
    const grey = split.train.images.filter((ink) => ink > 0 && ink < 255).length;
    const ink = split.train.images.filter((level) => level > 0).length;
    // A digit of strokes 2 to 4 pixels wide has about as many pixels on its edge as inside.
    expect(grey / ink).toBeGreaterThan(0.25);
    expect(grey / ink).toBeLessThan(0.9);
  });

  it('depends on its arguments only', () => {
    const again = embeddedDigits({ train: 1000, test: 200, seed: 5 });
    expect(sha256(again.train.images)).toBe(sha256(split.train.images));
    expect(sha256(again.test.images)).toBe(sha256(split.test.images));
    expect(sha256(embeddedDigits({ train: 1000, test: 200, seed: 6 }).train.images)).not.toBe(
      sha256(split.train.images),
    );
    // The test images do not change with the number of training images.
    expect(sha256(embeddedDigits({ train: 10, test: 200, seed: 5 }).test.images)).toBe(
      sha256(split.test.images),
    );
  });

  it('stays the same in all versions and on all platforms', () => {
    const { train } = embeddedDigits({ train: 100, test: 1, seed: 1 });
    expect(sha256(train.images).slice(0, 16)).toMatchInlineSnapshot(`"b11b61d9664ea84d"`);
    expect(Array.from(train.labels.subarray(0, 12)).join(' ')).toMatchInlineSnapshot(
      `"1 1 1 2 8 1 4 5 9 1 7 7"`,
    );
  });

  it('draws no image twice, and none for training that is tested', () => {
    const all = new Set<string>();
    for (const set of [split.train, split.test]) {
      for (let i = 0; i < set.count; i++) all.add(sha256(imageOf(set, i)));
    }
    expect(all.size).toBe(1200);
  });

  it.each([
    [{ train: 0 }, 'train: expected a whole number of at least 1, got 0'],
    [{ test: 1.5 }, 'test: expected a whole number of at least 1, got 1.5'],
    [{ seed: -1 }, 'seed: expected a whole number of at least 0, got -1'],
  ])('refuses %j', (options, message) => {
    expect(() => embeddedDigits(options)).toThrow(OptionError);
    expect(() => embeddedDigits(options)).toThrow(message);
  });
});

describe('style', () => {
  it('reads knots, corners and lifted pens', () => {
    expect(style(2, '0,1 -2,3! | 4,5 6,7').poses).toEqual([
      [
        [
          { x: 0, y: 1, corner: false },
          { x: -2, y: 3, corner: true },
        ],
        [
          { x: 4, y: 5, corner: false },
          { x: 6, y: 7, corner: false },
        ],
      ],
    ]);
  });

  it('refuses poses of different layout, and what is no knot', () => {
    expect(() => style(1, '0,0 1,1', '0,0 1,1 2,2')).toThrow(/poses of one style need one layout/);
    expect(() => style(1, '0,0 1;1')).toThrow(/not a knot: 1;1/);
  });
});

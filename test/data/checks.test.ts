import { describe, expect, it } from 'vitest';
import { checkDataset, checkSplit } from '../../src/data/checks.js';
import type { MemoryDataset } from '../../src/data/dataset.js';
import { DataError } from '../../src/errors.js';
import { smallSet } from './helpers.js';

const good = smallSet(12, { channels: 3 });

describe('checkDataset', () => {
  it('accepts a good one', () => {
    checkDataset(good);
  });

  const cases: readonly [string, Partial<MemoryDataset>, string][] = [
    ['no items', { count: 0 }, 'data set small: expected count to be a positive integer, got 0'],
    ['half a channel', { shape: [0.5, 4, 3] }, 'expected channels to be a positive integer, got 0.5'],
    ['a negative height', { shape: [3, -4, 3] }, 'expected height to be a positive integer, got -4'],
    ['no width', { shape: [3, 4, Number.NaN] }, 'expected width to be a positive integer, got NaN'],
    ['missing pixels', { images: good.images.subarray(1) }, 'expected 432 pixels ([12, 3, 4, 3]), got 431'],
    ['missing labels', { labels: good.labels.subarray(1) }, 'expected 12 labels, got 11'],
    ['no classes', { classes: [] }, 'expected at least one class, got none'],
    [
      'two classes of one name',
      { classes: ['a', 'b', 'a'] },
      "expected classes of different names, got 'a' twice",
    ],
    [
      'a large label',
      { classes: ['a', 'b'] },
      'expected labels below 2 (the number of classes), got 2 at index 2',
    ],
  ];
  it.each(cases)('refuses %s', (_, change, message) => {
    const bad = { ...good, ...change };
    expect(() => {
      checkDataset(bad);
    }).toThrow(DataError);
    expect(() => {
      checkDataset(bad);
    }).toThrow(message);
  });
});

describe('checkSplit', () => {
  it('accepts halves of different length', () => {
    checkSplit({ train: smallSet(9), test: smallSet(2) });
  });

  it('refuses another shape', () => {
    const test = { ...smallSet(2, { height: 5 }), name: 'other' };
    expect(() => {
      checkSplit({ train: smallSet(9), test });
    }).toThrow('data set other: expected images of 1x4x3, as in small, got 1x5x3');
  });

  it('refuses other classes', () => {
    const train = { ...smallSet(2), classes: ['a', 'b'] };
    const test = { ...smallSet(2), classes: ['a', 'c'] };
    expect(() => {
      checkSplit({ train, test });
    }).toThrow('expected the classes of small (a, b), got a, c');
  });

  it('checks each half', () => {
    expect(() => {
      checkSplit({ train: good, test: { ...good, name: 'bad', count: 0 } });
    }).toThrow('data set bad: expected count');
  });
});

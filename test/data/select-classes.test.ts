import { describe, expect, it } from 'vitest';
import { checkSplit, memoryDataset, selectClasses } from '../../src/data/index.js';
import { DataError, OptionError } from '../../src/errors.js';
import { inMemory } from '../helpers/memory.js';

/** Six images of 1x2 pixels that say which they are. */
const set = memoryDataset({
  name: 'pets/train',
  images: Uint8Array.from([0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51]),
  labels: Int32Array.from([2, 0, 1, 2, 3, 0]),
  channels: 1,
  height: 1,
  width: 2,
  classes: ['cat', 'dog', 'bird', 'fish', 'frog'],
});

describe('selectClasses', () => {
  it('keeps the images of these classes and numbers them as they were asked for', () => {
    expect(selectClasses(set, [2, 0])).toEqual({
      ...set,
      name: 'pets/train[bird,cat]',
      images: Uint8Array.from([0, 1, 10, 11, 30, 31, 50, 51]),
      labels: Int32Array.from([0, 1, 0, 1]),
      count: 4,
      classes: ['bird', 'cat'],
    });
    expect(selectClasses(set, ['bird', 'cat'])).toEqual(selectClasses(set, [2, 0]));
  });

  it('takes both halves alike', () => {
    const split = { train: set, test: { ...set, name: 'pets/test', labels: set.labels.toReversed() } };
    const chosen = selectClasses(split, ['cat', 3]);
    expect(() => {
      checkSplit(chosen);
    }).not.toThrow();
    expect([chosen.train.labels, chosen.test.labels]).toEqual([
      Int32Array.from([0, 1, 0]),
      Int32Array.from([0, 1, 0]),
    ]);
    expect(chosen.test.name).toBe('pets/test[cat,fish]');
  });

  it('leaves the data it was given alone', () => {
    const before = set.images.slice();
    inMemory(selectClasses(set, [0])).images.fill(99);
    expect(set.images).toEqual(before);
  });

  it.each<readonly [readonly (number | string)[], typeof OptionError | typeof DataError, RegExp]>([
    [[], OptionError, /^classes of pets\/train: expected at least one, got none$/],
    [[0, 5], OptionError, /expected indices below 5 or labels \(cat, dog, .*\), got 5$/],
    [[-1], OptionError, /got -1$/],
    [[0.5], OptionError, /got 0\.5$/],
    [['cow'], OptionError, /got cow$/],
    [['cat', 0], OptionError, /expected each once, got 0 twice$/],
    [['frog'], DataError, /^data set pets\/train: expected images of frog, but it has none$/],
  ])('refuses %j', (wanted, kind, message) => {
    expect(() => selectClasses(set, wanted)).toThrow(kind);
    expect(() => selectClasses(set, wanted)).toThrow(message);
  });
});

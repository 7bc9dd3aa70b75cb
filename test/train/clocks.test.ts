import type { EpochRecord } from '../../src/train/index.js';
import { expect, test } from 'vitest';
import { withClock } from '../../src/train/clocks.js';
test('times come from the epoch that is the same, whatever else a damaged history holds', () => {
  const record = { epoch: 1, step: 4, trainLoss: 0.5, testLoss: 0.6, testAccuracy: 0.7, lr: 1e-3 };
  const told = { ...record, seconds: 2, imagesPerSecond: 30 };
  const given = (history: readonly unknown[]): readonly EpochRecord[] =>
    withClock([record as EpochRecord], history as readonly Partial<EpochRecord>[]);
  const unknown = { ...record, seconds: NaN, imagesPerSecond: NaN };
  expect(given([null, 'text', 7, [], told])).toEqual([told]);
  expect(given([null])).toEqual([unknown]);
  expect(given([{ ...told, trainLoss: 0.4 }])).toEqual([unknown]);
  expect(given([{ ...told, seconds: null }])).toEqual([{ ...unknown, imagesPerSecond: 30 }]);
});

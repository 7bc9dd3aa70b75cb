import { expect, test } from 'vitest';
import type { RunSpec } from '../../src/index.js';
import { specOf, type TrainArgs } from '../../src/cli/train/settings.js';

test('data that are named anew have the same pictures held out, but their own labels', () => {
  const dataOptions = { classes: ['cat', 'dog'], valSplit: 0.1, splitSeed: 7, digits: { train: 9 } };
  const before = { data: '/old/photos', dataOptions };
  const told = (args: object, base: RunSpec = before): unknown => specOf(args as TrainArgs, base);
  expect(told({})).toMatchObject(before);
  expect(told({ data: 'photos' })).toEqual({ data: 'photos', dataOptions: { valSplit: 0.1, splitSeed: 7 } });
  expect(told({ data: 'photos', valSplit: 0.5 })).toMatchObject({
    dataOptions: { valSplit: 0.5, splitSeed: 7 },
  });
  const labels = { dataOptions: { classes: ['cat', 'dog'] } };
  expect(told({ data: 'photos' }, labels)).toEqual({ data: 'photos' });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { channelStatistics } from '../../src/data/index.js';
import { openData } from '../../src/data/node.js';
import { OptionError } from '../../src/errors.js';
import { dataDefaults } from '../../src/train/data-defaults.js';
import { pathsIn, writePhotos } from '../helpers/photos.js';
import { tinyData } from './tiny.js';

const top = mkdtempSync(join(tmpdir(), 'ort-train-photos-'));
afterAll(() => {
  rmSync(top, { recursive: true, force: true });
});

test('pictures in colour are trained on with ResNet-18 and ImageNet statistics', async () => {
  const folder = await writePhotos(join(top, 'colour'), pathsIn(['a', 'b', 'c'], 7), { width: 40 });
  const split = await openData(folder);
  const { recipe, spec } = await dataDefaults({}, split, undefined);
  expect(spec).toMatchObject({
    ...{ preset: 'resnet18', classes: 3, channels: 3, imageSize: [40, 40], augment: 'standard' },
    normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    dataOptions: { valSplit: 0.2, splitSeed: 0 },
  });
  // 18 pictures to train on: batches of 16 leave two.
  expect(recipe).toMatchObject({ batchSize: 16, epochs: 100, learningRate: 1e-3, shuffle: true });
});

test('grey ones with statistics of their own; a batch never exceeds the set, none has one picture', async () => {
  const grey = await writePhotos(join(top, 'grey'), pathsIn(['a', 'b'], 4), { width: 40, grey: true });
  const split = await openData(grey);
  const { recipe, spec } = await dataDefaults({}, split, undefined);
  expect(spec).toMatchObject({ channels: 1, imageSize: [40, 40] });
  expect(spec.normalization).toEqual(await channelStatistics(split.train));
  expect(recipe.batchSize).toBe(6);
  // A run that says it needs no picture for that.
  const unread = { ...split, train: { ...split.train, read: () => Promise.reject(new TypeError('read')) } };
  await expect(dataDefaults({}, unread, undefined)).rejects.toThrow('read');
  const normalization = { mean: [0.5], std: [0.25] };
  expect((await dataDefaults({ normalization }, unread, undefined)).spec).toMatchObject({ normalization });
  // 21 and 0.2 of each class: 17 are left, which batches of 16 would cut into 16 and 1.
  const odd = await openData(await writePhotos(join(top, 'odd'), pathsIn(['a'], 21), { width: 32 }));
  expect(odd.train.count).toBe(17);
  expect((await dataDefaults({}, odd, undefined)).recipe.batchSize).toBe(15);
});

test('options of pictures are refused for other data', async () => {
  const defaults = dataDefaults({ background: '#000000' }, tinyData(), undefined);
  await expect(defaults).rejects.toThrow(OptionError);
  await expect(defaults).rejects.toThrow('background: expected pictures that are decoded when they are read');
});

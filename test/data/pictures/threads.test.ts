import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { batches, type BatchOptions, type DataSplit } from '../../../src/data/index.js';
import { openData } from '../../../src/data/node.js';
import { Prefetcher } from '../../../src/data/prefetch-node.js';
import { DataError } from '../../../src/errors.js';
import { all } from '../../helpers/memory.js';
import { pathsIn, writePhotos } from '../../helpers/photos.js';
import { threads } from '../../helpers/threads.js';

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ort-train-photos-'));
  await writePhotos(folder, pathsIn(['a', 'b'], 12), { width: 70, height: 40 });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const options: BatchOptions = {
  ...{ batchSize: 5, shuffle: true, seed: 3, augment: 'strong' },
  ...{ mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
};

it('pictures come from any number of threads, and any cache, as the same bits', async () => {
  const open = (cache: 'ram' | 'disk' | 'none'): Promise<DataSplit> =>
    openData(folder, { cache, imageSize: 32 });
  const { train, test } = await open('none');
  const expected = await all(batches(train, options));
  for (const [count, cache] of [
    [1, 'ram'],
    [3, 'ram'],
    [3, 'disk'],
    [2, 'none'],
  ] as const) {
    const split = await open(cache);
    const prefetcher = await Prefetcher.start([split.train, split.test], { threads: count });
    try {
      // The second time from the cache.
      for (let i = 0; i < 2; i++) {
        expect(await all(prefetcher.batches(split.train, options))).toEqual(expected);
        const tested = await all(prefetcher.batches(split.test, { batchSize: 3 }));
        expect(tested).toEqual(await all(batches(test, { batchSize: 3 })));
      }
    } finally {
      await prefetcher.dispose();
    }
  }
  expect(threads().alive).toBe(0);
});

it('a picture that is spoilt after the check is named by the thread', async () => {
  const { train } = await openData(folder, { cache: 'none', imageSize: 32 });
  for (const path of pathsIn(['b'], 12)) writeFileSync(join(folder, path), 'spoilt');
  const prefetcher = await Prefetcher.start([train], { threads: 2 });
  try {
    const read = all(prefetcher.batches(train, options));
    await expect(read).rejects.toThrow(DataError);
    await expect(read).rejects.toThrow(/b\/\d+\.png: /);
  } finally {
    await prefetcher.dispose();
  }
});

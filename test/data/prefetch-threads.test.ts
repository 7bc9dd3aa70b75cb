import { afterEach, describe, expect, it } from 'vitest';
import { batches, memoryDataset, type BatchOptions } from '../../src/data/index.js';
import { Prefetcher } from '../../src/data/prefetch-node.js';
import { DataError, OptionError } from '../../src/errors.js';
import { all } from '../helpers/memory.js';
import { threads } from '../helpers/threads.js';
import { smallSet } from './helpers.js';

const opened: Prefetcher[] = [];
async function start(...args: Parameters<typeof Prefetcher.start>): Promise<Prefetcher> {
  const prefetcher = await Prefetcher.start(...args);
  opened.push(prefetcher);
  return prefetcher;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((prefetcher) => prefetcher.dispose()));
  expect(threads().alive).toBe(0);
});

describe.each([1, 2, 3])('%i threads', (count) => {
  const [train, test] = [smallSet(50, { channels: 3 }), { ...smallSet(9, { channels: 3 }), name: 'other' }];
  const full: BatchOptions = {
    ...{ batchSize: 4, shuffle: true, seed: 5, reuse: false, mean: [0.1, 0.5, 0.2], std: [0.5, 0.25, 0.75] },
    augment: { pad: 1, flip: true },
  };

  it('give the batches of two data sets in turn, from wherever an epoch goes on, bit for bit', async () => {
    const { batches: prefetched } = await start([train, test], { threads: count });
    expect(threads().alive).toBe(count);
    for (const epoch of [1, 2]) {
      for (const from of [0, 1, 2, 12, 13]) {
        const options = { ...full, epoch, from };
        expect(await all(prefetched(train, options))).toEqual(await all(batches(train, options)));
      }
      const plain = { batchSize: 2 };
      expect(await all(prefetched(test, plain))).toEqual(await all(batches(test, plain)));
    }
  });

  it('begin anew after an epoch that was broken off', async () => {
    const { batches: prefetched } = await start([train, test], { threads: count });
    for await (const { index } of prefetched(train, full)) if (index === 2) break;
    expect(await all(prefetched(test, { batchSize: 4 }))).toEqual(await all(batches(test, { batchSize: 4 })));
    expect(await all(prefetched(train, full))).toEqual(await all(batches(train, full)));
  });

  it('tell what is wrong with the first batch that is', async () => {
    const broken = { ...train, labels: train.labels.with(30, 77) };
    const { batches: prefetched } = await start([train], { threads: count });
    await expect(all(prefetched(broken, full))).rejects.toThrow(OptionError);
    await expect(all(prefetched(train, { ...full, std: [0, 1, 1] }))).rejects.toThrow('std: expected 3');
    await expect(start([broken], { threads: count })).rejects.toThrow();
  });
});

it.each([300, 70_000])('%i classes come through threads as they are', async (count) => {
  const classes = Array.from({ length: count }, (_, i) => String(i));
  const labels = Array.from({ length: 12 }, (_, i) => (i * 25_111 + count - 1) % count);
  const set = memoryDataset({
    ...{ name: 'many', images: new Uint8Array(12), labels, channels: 1, height: 1, width: 1, classes },
  });
  const { batches: prefetched } = await start([set], { threads: 2 });
  const came = await all(prefetched(set, { batchSize: 5 }));
  expect(came).toEqual(await all(batches(set, { batchSize: 5 })));
  expect(came.flatMap((batch) => [...batch.labels])).toEqual(labels);
  expect(Math.max(...labels)).toBeGreaterThan(255);
});

it('a data set that is read by functions of one’s own is refused', async () => {
  const { name, count, shape, classes } = smallSet(4);
  const own = { name, count, shape, classes, read: () => undefined };
  const starting = Prefetcher.start([smallSet(4), own]);
  await expect(starting).rejects.toThrow(OptionError);
  await expect(starting).rejects.toThrow(
    'prefetch: expected data in memory or picture files, got small, whose functions no thread can be sent',
  );
  expect(threads().alive).toBe(0);
});

it('a label that is changed to no class is found by the thread', async () => {
  const shared = new Int32Array(new SharedArrayBuffer(16));
  const set = { ...smallSet(4), labels: shared };
  const { batches: prefetched } = await start([set]);
  shared[2] = 10;
  const running = all(prefetched(set, { batchSize: 2 }));
  await expect(running).rejects.toThrow(DataError);
  await expect(running).rejects.toThrow(
    'data set small: expected labels below 10 (the number of classes), got 10 at index 2',
  );
});

import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { memoryDataset, prepareBatch, type Dataset, type DataSplit } from '../../src/data/index.js';
import { OptionError } from '../../src/errors.js';
import { chain, defineNetwork, flatten, linear } from '../../src/net/index.js';
import { trainResNet, type NodeTrainOptions } from '../../src/train/node.js';
import { batchFeed } from '../../src/train/prefetch-node.js';
import { tinyData, tinyNetwork, tinyTrainer, withoutTimes } from './tiny.js';

const data = tinyData(20);
const own = (set: Dataset): Dataset => ({
  ...{ name: set.name, count: set.count, shape: set.shape, classes: set.classes },
  async read(indices, into) {
    await set.read(indices, into);
  },
});
const ownSplit: DataSplit = { train: own(data.train), test: own(data.test) };
const recipe: NodeTrainOptions = {
  ...{ network: tinyNetwork(), data: ownSplit, epochs: 2, batchSize: 8, shuffle: true, seed: 2, threads: 1 },
  autotune: false,
};

describe('a data set of one’s own', () => {
  test('trains as the same one in memory, between the steps, and the report says why', async () => {
    const mine = await trainResNet(recipe);
    const known = await trainResNet({ ...recipe, data, prefetch: false });
    expect(mine.history.stepLosses).toEqual(known.history.stepLosses);
    expect(mine.history.epochs.map(withoutTimes)).toEqual(known.history.epochs.map(withoutTimes));
    expect(mine.prefetch).toEqual({ on: false, reason: 'tiny/train is read by functions of yours' });
  });

  test('cannot be prefetched, which is an error where it is asked for', async () => {
    const running = trainResNet({ ...recipe, prefetch: true });
    await expect(running).rejects.toThrow(OptionError);
    await expect(running).rejects.toThrow(
      'prefetch: expected data and transforms that a thread can be sent, but tiny/train is read by functions of yours',
    );
  });

  test('nor can a transform of one’s own', async () => {
    const device = { chosen: 'cpu', threads: 1, runtime: '', rejected: [] } as const;
    const feed = await batchFeed('auto')(data, device, [(picture) => picture]);
    expect(feed).toMatchObject({ report: { on: false, reason: 'a transform is a function of yours' } });
    expect(feed.batches).toBeUndefined();
    if (availableParallelism() === 1) return;
    const other = await batchFeed('auto')(data, device, [{ name: 'flip' }]);
    expect(other.report.on).toBe(true);
    await other.dispose();
  });
});

describe('many classes', () => {
  const classes = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => String(i));
  const network = (count: number) =>
    defineNetwork({ name: 'many', input: [1, 2, 2], classes: count, net: chain(flatten(), linear(count)) });

  test('300: the same losses with and without a thread, of labels above 255', async () => {
    const labels = Int32Array.from({ length: 16 }, (_, i) => 284 + i);
    const images = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) % 256);
    const set = memoryDataset({
      name: 'm',
      images,
      labels,
      channels: 1,
      height: 2,
      width: 2,
      classes: classes(300),
    });
    const run = (prefetch: boolean) =>
      trainResNet({
        ...recipe,
        ...{
          network: network(300),
          data: { train: set, test: set },
          epochs: 12,
          learningRate: 0.1,
          prefetch,
        },
      });
    const [without, beside] = [await run(false), await run(true)];
    expect(beside.history.stepLosses).toEqual(without.history.stepLosses);
    // Guessing is log 300 = 5.7. Labels that wrap are other classes: what is learned then is not told by these logits.
    expect(without.testLoss).toBeLessThan(3);
    expect(beside.testLoss).toBe(without.testLoss);
  });

  test('70,000: the training graph takes the label as it is', async () => {
    const count = 70_000;
    const set = memoryDataset({
      ...{ name: 'm', images: new Uint8Array(8).fill(255), labels: [count - 1, count - 2], channels: 1 },
      ...{ height: 2, width: 2, classes: classes(count) },
    });
    const trainer = await tinyTrainer(network(count), { optimizer: { kind: 'sgd' } });
    const batch = await prepareBatch(set, [0]);
    for (let step = 0; step < 3; step++) await trainer.step(batch, 2);
    const logits = await trainer.predict(batch.images, 1);
    const best = logits.reduce((at, value, i) => (value > (logits[at] ?? 0) ? i : at), 0);
    expect(best).toBe(count - 1);
    expect((await trainer.evaluate(set, { batchSize: 2 })).correct).toBe(1);
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { batches, type Batch, type BatchOptions, type Dataset } from '../../src/data/index.js';
import { Prefetcher, type PrefetchOptions } from '../../src/data/prefetch-node.js';
import { openShared, shareDataset } from '../../src/data/description-node.js';
import { assert, DataError, OptionError, WorkerError } from '../../src/errors.js';
import { threads } from '../helpers/threads.js';
import { smallSet, tempFolder } from './helpers.js';
import { inMemory } from '../helpers/memory.js';

const opened: Prefetcher[] = [];
async function start(dataset: Dataset, options?: PrefetchOptions): Promise<Prefetcher> {
  const prefetcher = await Prefetcher.start([dataset], options);
  opened.push(prefetcher);
  return prefetcher;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((prefetcher) => prefetcher.dispose()));
  expect(threads().alive).toBe(0);
});

/** All batches of an epoch as they were when they came; before each of them the consumer sleeps. */
async function collect(
  source: Iterable<Batch> | AsyncIterable<Batch>,
  sleep: (index: number) => number = () => 0,
): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of source) {
    all.push({ ...batch, images: batch.images.slice(), labels: batch.labels.slice() });
    const milliseconds = sleep(batch.index);
    if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
  return all;
}

describe('a prefetcher', () => {
  const set = smallSet(50, { channels: 3, height: 6, width: 5 });
  const full: BatchOptions = {
    ...{ batchSize: 8, shuffle: true, seed: 2 ** 40 + 7, reuse: true },
    ...{ mean: [0.1, 0.5, -0.2], std: [0.5, 0.25, 0.75], augment: { pad: 2, crop: true, flip: true } },
  };

  it('gives the batches of one epoch after another, the last ones smaller, bit for bit', async () => {
    const { batches: prefetched } = await start(set);
    for (const epoch of [1, 2, 3]) {
      const options = { ...full, epoch };
      const expected = await collect(batches(set, options));
      expect(expected.map(({ size }) => size)).toEqual([8, 8, 8, 8, 8, 8, 2]);
      expect(await collect(prefetched(set, options))).toEqual(expected);
    }
    // The epochs differ, or the above would hold for one that is shown again and again.
    const [first] = await collect(prefetched(set, { ...full, epoch: 1 }));
    expect(await collect(prefetched(set, { ...full, epoch: 2 }))).not.toContainEqual(first);
  });

  it('gives them whatever is asked for', async () => {
    const { batches: prefetched } = await start(set);
    const numbers = (from: object): fc.Arbitrary<number[]> =>
      fc.array(fc.double({ min: 0.1, max: 1, noNaN: true, ...from }), { minLength: 3, maxLength: 3 });
    const some = fc.record<BatchOptions>(
      {
        batchSize: fc.integer({ min: 1, max: 50 }),
        shuffle: fc.boolean(),
        seed: fc.maxSafeNat(),
        epoch: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        from: fc.integer({ min: 0, max: 60 }),
        reuse: fc.boolean(),
        mean: numbers({ min: -1 }),
        std: numbers({}),
        augment: fc.constantFrom({}, { flip: true }, { pad: 3 }, { pad: 1, crop: true, flip: true }),
      },
      { requiredKeys: ['batchSize'] },
    );
    await fc.assert(
      fc.asyncProperty(some, async (options) => {
        expect(await collect(prefetched(set, options))).toEqual(await collect(batches(set, options)));
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('goes on in the middle of an epoch', async () => {
    const { batches: prefetched } = await start(set);
    const whole = await collect(batches(set, full));
    for (const from of [1, 5, 6]) {
      expect(await collect(prefetched(set, { ...full, from }))).toEqual(whole.slice(from));
    }
    expect(await collect(prefetched(set, { ...full, from: 7 }))).toEqual([]);
  });

  it('neither overwrites a batch that is in use nor leaves one out where the consumer is slow', async () => {
    const { batches: prefetched } = await start(set);
    const options = { ...full, batchSize: 3 };
    const slow = await collect(prefetched(set, options), (index) => (index % 3 === 0 ? 20 : 0));
    expect(slow).toEqual(await collect(batches(set, options)));
    for await (const batch of prefetched(set, options)) {
      const before = batch.images.slice();
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(batch.images).toEqual(before);
    }
  });

  it('gives each batch memory of its own, unless told to reuse it, and never memory that is shared', async () => {
    const { batches: prefetched } = await start(set);
    for (const [reuse, expected] of [
      [false, 7],
      [true, 1],
    ] as const) {
      const buffers = new Set<ArrayBufferLike>();
      for await (const { images, labels } of prefetched(set, { ...full, reuse })) {
        buffers.add(images.buffer);
        expect([images.buffer, labels.buffer].every((buffer) => buffer instanceof ArrayBuffer)).toBe(true);
      }
      expect(buffers.size).toBe(expected);
    }
  });

  it('begins anew after an epoch that was broken off', async () => {
    const { batches: prefetched } = await start(set);
    for (const seed of [1, 2, 3, 4, 5]) {
      for await (const { index } of prefetched(set, { ...full, seed })) if (index === seed - 1) break;
      const options = { ...full, batchSize: seed, seed };
      expect(await collect(prefetched(set, options))).toEqual(await collect(batches(set, options)));
    }
  });

  it('gives up an epoch for another, and says so to whoever is still in it', async () => {
    const { batches: prefetched } = await start(set);
    const first = prefetched(set, full)[Symbol.asyncIterator]();
    await first.next();
    const second = prefetched(set, { ...full, epoch: 1 });
    expect(await collect(second)).toEqual(await collect(batches(set, { ...full, epoch: 1 })));
    await expect(first.next()).rejects.toThrow('prefetch: expected one epoch at a time, got another');
    const both = [prefetched(set, full), prefetched(set, full)].map((epoch) => collect(epoch));
    const [lost, kept] = await Promise.allSettled(both);
    expect([lost?.status, kept?.status]).toEqual(['rejected', 'fulfilled']);
  });
});

describe('the memory of a data set', () => {
  it('is copied once where it is not shared', async () => {
    const set = smallSet(4);
    const shared = shareDataset(set);
    assert(shared?.kind === 'memory', 'shared as it is');
    const { images, labels, ...rest } = shared;
    const { name, shape, classes } = set;
    expect(rest).toEqual({ kind: 'memory', name, shape, classes });
    expect(await openShared(shared)).toEqual(set);
    expect([images.buffer, labels.buffer].every((buffer) => buffer instanceof SharedArrayBuffer)).toBe(true);
    expect([[...images], [...labels]]).toEqual([[...set.images], [...set.labels]]);
    const { batches: prefetched } = await start(set);
    const before = await collect(batches(set, { batchSize: 4 }));
    set.images.fill(9);
    expect(await collect(prefetched(set, { batchSize: 4 }))).toEqual(before);
  });

  it('is used as it is where it is shared, a part of a larger memory too', async () => {
    const shared = shareDataset(smallSet(6));
    assert(shared, 'it is in memory');
    const whole = inMemory(await openShared(shared));
    const [images, labels] = [whole.images.subarray(24), whole.labels.subarray(2)];
    const part = { ...whole, images, labels, count: 4 };
    const again = shareDataset(part);
    assert(again?.kind === 'memory', 'shared as it is');
    expect([again.images.buffer, again.labels.buffer]).toEqual([whole.images.buffer, whole.labels.buffer]);
    expect([again.images.byteOffset, again.labels.byteOffset]).toEqual([24, 8]);
    const { batches: prefetched } = await start(part);
    part.images.fill(9, 0, 12);
    const seen = await collect(prefetched(part, { batchSize: 4 }));
    expect(seen).toEqual(await collect(batches(part, { batchSize: 4 })));
    expect(seen[0]?.images[0]).toBe(Math.fround(9 / 255));
  });
});

describe('what goes wrong', () => {
  const set = smallSet(10);

  const mistakes: readonly (readonly [string, BatchOptions])[] = [
    ['augment.pad: expected a whole number from 0 to 3', { batchSize: 2, augment: { pad: 4 } }],
    ['std: expected 1 numbers above 0, up to 1', { batchSize: 2, std: [0] }],
    ['seed: expected a whole number from 0', { batchSize: 2, seed: -1 }],
    ['batch size: expected a whole number of at least 1, got 0', { batchSize: 0 }],
    ['batch size: expected at most 10', { batchSize: 11 }],
    ['from: expected a whole number from 0', { batchSize: 2, from: NaN }],
  ];
  it.each(mistakes)('in the thread comes to the caller as in `batches`: %s', async (message, options) => {
    const { batches: prefetched } = await start(set);
    expect(() => batches(set, options)).toThrow(OptionError);
    expect(() => batches(set, options)).toThrow(message);
    const running = collect(prefetched(set, options));
    await expect(running).rejects.toThrow(OptionError);
    await expect(running).rejects.toThrow(message);
    // The thread goes on.
    expect(await collect(prefetched(set, { batchSize: 3 }))).toHaveLength(4);
  });

  it('refuses another data set', async () => {
    const { batches: prefetched } = await start(set);
    const other = { ...set, name: 'other' };
    await expect(collect(prefetched(other, { batchSize: 2 }))).rejects.toThrow(
      'prefetch: expected small, the data that the threads were started with, got another data set, other',
    );
  });

  /** A thread that says it is ready, and at a request does as `code` says. */
  async function thread(code: string): Promise<Prefetcher> {
    const file = join(await tempFolder(), 'thread.mjs');
    writeFileSync(
      file,
      `import { parentPort } from 'node:worker_threads';
       parentPort.on('message', ({ id, counters, slots }) => { ${code} });
       parentPort.postMessage({ kind: 'ready' });`,
    );
    return start(set, { script: pathToFileURL(file) });
  }

  it('after some batches comes behind them, with class, message, cause and stack', async () => {
    const { batches: prefetched } = await thread(`
      Atomics.store(counters, 0, 2);
      const cause = { name: 'TypeError', message: 'beneath' };
      const error = { name: 'DataError', code: 'data', message: 'image 7', stack: 'there', cause };
      parentPort.postMessage({ kind: 'failed', id, error });`);
    const seen: number[] = [];
    const running = (async () => {
      for await (const { index } of prefetched(set, { batchSize: 2 })) seen.push(index);
    })();
    const error: unknown = await running.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ code: 'data', message: 'image 7', stack: 'there' });
    expect((error as DataError).cause).toMatchObject({ name: 'TypeError', message: 'beneath' });
    expect(seen).toEqual([0, 1]);
  });

  it.each([
    ['throws', `throw new RangeError('too far');`, /failed: too far; train without it/],
    ['ends', `process.exit(3);`, /has ended with status 3; train without it \(prefetch: false/],
  ])('is a WorkerError where the thread %s', async (_, code, message) => {
    const prefetcher = await thread(code);
    for (let i = 0; i < 2; i++) {
      const running = collect(prefetcher.batches(set, { batchSize: 2 }));
      await expect(running).rejects.toThrow(WorkerError);
      await expect(running).rejects.toThrow(message);
    }
  });

  it('at the start is a WorkerError: no script, one that fails', async () => {
    const folder = await tempFolder();
    const script = join(folder, 'broken.mjs');
    writeFileSync(script, `throw new Error('not today');`);
    for (const [file, message] of [
      [join(folder, 'none.mjs'), /failed: Cannot find module/],
      [script, /failed: not today/],
    ] as const) {
      const starting = Prefetcher.start([set], { script: pathToFileURL(file) });
      await expect(starting).rejects.toThrow(WorkerError);
      await expect(starting).rejects.toThrow(message);
      expect(threads().alive).toBe(0);
    }
  });
});

describe('dispose', () => {
  const set = smallSet(50);

  it('ends a thread that waits for room, one that waits for work, and one that is gone', async () => {
    const before = threads().started;
    const full = await start(set);
    await full.batches(set, { batchSize: 1 })[Symbol.asyncIterator]().next();
    const idle = await start(set);
    expect(threads()).toEqual({ started: before + 2, alive: 2 });
    for (const prefetcher of [full, idle, full]) await prefetcher.dispose();
    expect(threads().alive).toBe(0);
    const running = collect(idle.batches(set, { batchSize: 1 }));
    await expect(running).rejects.toThrow(WorkerError);
    await expect(running).rejects.toThrow('it was disposed of');
  });

  it('is the end for whoever waits for a batch', async () => {
    const folder = await tempFolder();
    const script = join(folder, 'silent.mjs');
    writeFileSync(
      script,
      `import { parentPort } from 'node:worker_threads';
       parentPort.on('message', () => undefined);
       parentPort.postMessage({ kind: 'ready' });`,
    );
    const prefetcher = await start(set, { script: pathToFileURL(script) });
    const waiting = collect(prefetcher.batches(set, { batchSize: 1 }));
    await Promise.all([expect(waiting).rejects.toThrow('it was disposed of'), prefetcher.dispose()]);
  });
});

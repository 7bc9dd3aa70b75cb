import { fit, runFiles, type StartInfo, type TrainResult } from '../../src/train/index.js';
import { decodeSafetensors } from '../../src/weights/index.js';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { batches, type Batch, type BatchOptions } from '../../src/data/index.js';
import { Prefetcher } from '../../src/data/prefetch-node.js';
import {
  AbortedError,
  DataError,
  DeviceError,
  DivergedError,
  OptionError,
  WorkerError,
} from '../../src/errors.js';
import { trainResNet, type NodeTrainOptions } from '../../src/train/node.js';
import { batchFeed, choosePrefetch, type PrefetchOption } from '../../src/train/prefetch-node.js';
import { WAIT } from '../helpers/limits.js';
import { threads } from '../helpers/threads.js';
import { temporaryFolder, tinyData, tinyFit, tinyNetwork, tinyTrainer, withoutTimes } from './tiny.js';
import { all } from '../helpers/memory.js';

/** 20 images in batches of 8: 3 batches an epoch, the last one partial. */
const data = tinyData(20);
const recipe: NodeTrainOptions = {
  ...{ network: tinyNetwork({ norm: true }), data, epochs: 2, batchSize: 8, learningRate: 0.01 },
  ...{ shuffle: true, seed: 4, threads: 1, autotune: false },
  normalization: { mean: [0.4], std: [0.3] },
  augment: { pad: 2, crop: true, flip: true },
};

afterEach(() => {
  vi.restoreAllMocks();
  expect(threads().alive).toBe(0);
});

/** What does not depend on the clock, bit for bit. */
function outcome({ history, checkpoint }: TrainResult): unknown {
  const { epochs, stepLosses } = history;
  return { stepLosses, epochs: epochs.map(withoutTimes), state: decodeSafetensors(checkpoint, 'c').tensors };
}

describe('a run with prefetched batches', () => {
  test('equals one without, and says which it is', async () => {
    const out = temporaryFolder();
    const starts: StartInfo[] = [];
    const run = (prefetch: PrefetchOption): Promise<TrainResult> =>
      trainResNet({ ...recipe, prefetch, out, onStart: (info) => void starts.push(info) });
    const before = threads().started;
    const without = await run(false);
    expect(threads().started).toBe(before);
    const written = (): unknown => JSON.parse(readFileSync(join(out, runFiles.history), 'utf8'));
    const off = { on: false, reason: 'switched off' };
    expect([without.prefetch, starts[0]?.prefetch]).toEqual([off, off]);
    expect(written()).toMatchObject({ prefetch: off });

    const beside = await run(true);
    expect(threads().started).toBe(before + 1);
    expect(outcome(beside)).toEqual(outcome(without));
    const on = { on: true, reason: 'asked for' };
    expect([beside.prefetch, starts[1]?.prefetch]).toEqual([on, on]);
    expect(written()).toMatchObject({ prefetch: on });
    // The batches matter: with others the losses are others.
    const other = await trainResNet({ ...recipe, prefetch: true, augment: { flip: true } });
    expect(other.history.stepLosses).not.toEqual(without.history.stepLosses);
  });

  test.each([1, 2, 3, 4])('goes on after step %i where it was stopped, with or without', async (step) => {
    const whole = await trainResNet({ ...recipe, prefetch: false });
    for (const [first, second] of [
      [true, true],
      [true, false],
      [false, true],
    ] as const) {
      const { checkpoint } = await trainResNet({ ...recipe, prefetch: first, maxSteps: step });
      const resume = { name: 'c', bytes: checkpoint };
      const { state, epochs } = outcome(await trainResNet({ ...recipe, prefetch: second, resume })) as Record<
        string,
        unknown
      >;
      expect({ state, epochs }).toEqual({
        state: decodeSafetensors(whole.checkpoint, 'w').tensors,
        epochs: whole.history.epochs.map(withoutTimes),
      });
    }
  });

  test('leaves no thread behind where it is stopped, fails, or does not start', async () => {
    const run = (options: Partial<NodeTrainOptions>): Promise<TrainResult> =>
      trainResNet({ ...recipe, prefetch: true, ...options });
    const ended = async (
      running: Promise<unknown>,
      error: new (...args: never[]) => Error,
    ): Promise<void> => {
      const { started } = threads();
      await expect(running).rejects.toThrow(error);
      expect(threads().alive).toBe(0);
      expect(threads().started).toBeGreaterThanOrEqual(started);
    };
    const abort = new AbortController();
    await ended(
      run({
        signal: abort.signal,
        onBatchEnd: ({ step }) => {
          expect(threads().alive).toBe(1);
          if (step === 2) abort.abort();
        },
      }),
      AbortedError,
    );
    const fail = (): never => {
      throw new RangeError('mine');
    };
    await ended(run({ onStart: fail }), RangeError);
    await ended(run({ onBatchEnd: fail }), RangeError);
    await ended(run({ onEpochEnd: fail }), RangeError);
    await ended(run({ learningRate: 1e30 }), DivergedError);
    const before = threads().started;
    await ended(run({ devices: ['wasm'] }), DeviceError);
    await ended(run({ batchSize: 21 }), OptionError);
    expect(threads().started).toBe(before);
  });

  test('ends with an error that was thrown while its batches were prepared', async () => {
    const failure = new DataError('image 7 is not there');
    vi.spyOn(Prefetcher, 'start').mockImplementation(() => Promise.resolve(failing(failure)));
    await expect(trainResNet({ ...recipe, prefetch: true })).rejects.toBe(failure);
  });
});

/** As a prefetcher whose second batch fails. */
function failing(failure: Error): Prefetcher {
  async function* some(...args: Parameters<typeof batches>): AsyncGenerator<Batch> {
    for await (const batch of batches(...args)) {
      if (batch.index === 1) throw failure;
      yield await Promise.resolve(batch);
    }
  }
  return { batches: some, dispose: () => Promise.resolve() } as unknown as Prefetcher;
}

describe('whether to prefetch', () => {
  const cpu = (count: number) => ({ chosen: 'cpu', threads: count }) as const;

  test.each([
    ['auto', 4, cpu(2), true, '2 threads on 4 cores leave 2 free'],
    ['auto', 2, cpu(1), true, '1 thread on 2 cores leaves 1 free'],
    ['auto', 2, cpu(2), false, '2 threads on 2 cores leave none free'],
    ['auto', 2, cpu(8), false, '8 threads on 2 cores leave none free'],
    ['auto', 1, cpu(1), false, '1 thread on 1 core leaves none free'],
    ['auto', 8, { chosen: 'cuda', threads: 8 }, true, '1 thread beside cuda on 8 cores leaves 7 free'],
    ['auto', 1, { chosen: 'cuda', threads: 1 }, false, '1 thread beside cuda on 1 core leaves none free'],
    [true, 2, cpu(2), true, 'asked for'],
    [false, 4, cpu(1), false, 'switched off'],
  ] as const)('%s, %i cores, %j', (option, cores, device, on, reason) => {
    expect(choosePrefetch(option, cores, device)).toEqual({ on, reason });
  });

  test('is decided by the cores of this machine and the threads of the run unless told', async () => {
    const cores = availableParallelism();
    for (const count of [cores, 1]) {
      const { prefetch } = await trainResNet({ ...recipe, threads: count, maxSteps: 1 });
      expect(prefetch).toEqual(choosePrefetch('auto', cores, cpu(count)));
    }
  });

  test('auto goes on without a thread that does not start, and says why; asked for it is an error', async () => {
    const failure = new WorkerError('no more threads');
    vi.spyOn(Prefetcher, 'start').mockRejectedValue(failure);
    const device = { ...cpu(1), runtime: '', rejected: [] };
    await expect(batchFeed(true)(data, device, undefined)).rejects.toBe(failure);
    if (availableParallelism() === 1) return;
    const feed = await batchFeed('auto')(data, device, undefined);
    expect(feed.report).toEqual({ on: false, reason: 'no more threads' });
    expect(feed.batches).toBeUndefined();
    vi.spyOn(Prefetcher, 'start').mockRejectedValue(new RangeError('a bug'));
    await expect(batchFeed('auto')(data, device, undefined)).rejects.toThrow(RangeError);
  });

  test.each(['on', 1, null])('refuses %j', async (prefetch) => {
    const running = trainResNet({ ...recipe, prefetch: prefetch as unknown as boolean });
    await expect(running).rejects.toThrow(OptionError);
    await expect(running).rejects.toThrow(
      `prefetch: expected true, false or 'auto', got ${JSON.stringify(prefetch)}`,
    );
  });
});

describe('fit', () => {
  test('takes its batches from any source, which is told the epoch and where to go on', async () => {
    const options = tinyFit({ shuffle: true, seed: 3, augment: { flip: true } });
    const expected = await fit(await tinyTrainer(), data, options);
    const asked: BatchOptions[] = [];
    let evaluations = 0;
    const point = { ...expected.point, epoch: 1, epochs: expected.epochs.slice(0, 1) };
    const resume = { ...point, partial: { batches: 2, loss: 1, correct: 1, images: 16 } };
    const plain = await fit(await tinyTrainer(), data, { ...options, resume });
    const whole = { ...{ batchSize: 8, shuffle: true, seed: 3, augment: { flip: true } }, epoch: 1 };
    const prepared = new Map([
      [1, await all(batches(data.train, whole))],
      [2, await all(batches(data.train, { ...whole, epoch: 2 }))],
    ]);
    for (const inOtherWay of [
      // One that has them all.
      (_: unknown, { epoch = 0, from }: BatchOptions) => (prepared.get(epoch) ?? []).slice(from),
      async function* (...args: Parameters<typeof batches>) {
        for await (const batch of batches(...args)) yield await Promise.resolve(batch);
      },
    ]) {
      const source = (...args: Parameters<typeof batches>): Iterable<Batch> | AsyncIterable<Batch> => {
        const [set, how] = args;
        if (set === data.test) {
          // Evaluations take theirs from it as well, as they are.
          expect(how.shuffle ?? false).toBe(false);
          expect(how.augment).toBeUndefined();
          evaluations += 1;
          return batches(...args);
        }
        expect(set).toBe(data.train);
        asked.push(how);
        return inOtherWay(...args);
      };
      const { stepLosses } = await fit(await tinyTrainer(), data, { ...options, batches: source });
      expect(stepLosses).toEqual(expected.stepLosses);
      const rest = await fit(await tinyTrainer(), data, { ...options, resume, batches: source });
      expect(rest.stepLosses).toEqual(plain.stepLosses);
      expect(rest.stepLosses).toHaveLength(1);
    }
    const common = { batchSize: 8, shuffle: true, seed: 3, augment: { flip: true } };
    const [one, two] = [
      { ...common, epoch: 1, from: 0 },
      { ...common, epoch: 2, from: 0 },
    ];
    const third = { ...two, from: 2 };
    expect(asked).toMatchObject([one, two, third, one, two, third]);
    expect(evaluations).toBe(6);
  });
});

// `npm test` builds it.
const built = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
const prefetcher = fileURLToPath(new URL('../../dist/data/prefetch-node.js', import.meta.url));

describe.skipIf(!existsSync(built))('a program', () => {
  /** Runs a module on the built package, in a process of its own; a process that does not end is killed. */
  async function run(code: string): Promise<{ readonly status: number | null; readonly output: string }> {
    const source =
      `import { embeddedDigits, trainResNet } from ${JSON.stringify(built)};\n` +
      `import { Prefetcher } from ${JSON.stringify(prefetcher)};\n${code}`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { timeout: WAIT });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    return new Promise((resolve) => {
      child.on('close', (status) => {
        resolve({ status, output });
      });
    });
  }
  const options = `{ preset: 'mnist-cnn-small', data: embeddedDigits({ train: 64, test: 10 }), batchSize: 16, threads: 1, autotune: false, prefetch: true }`;

  test('ends after a run and after one that failed', async () => {
    expect(
      await run(
        `const { prefetch } = await trainResNet({ ...${options}, maxSteps: 3 }); console.log(prefetch);`,
      ),
    ).toEqual({ status: 0, output: "{ on: true, reason: 'asked for' }\n" });
    const failed = await run(
      `await trainResNet({ ...${options}, onBatchEnd() { throw new Error('mine'); } });`,
    );
    expect(failed.status).toBe(1);
    expect(failed.output).toContain('Error: mine');
  });

  test('ends although a prefetcher was not disposed of, in the middle of an epoch', async () => {
    const ended = await run(`
      const { train } = embeddedDigits({ train: 64, test: 10 });
      const { batches } = await Prefetcher.start([train]);
      for await (const { index } of batches(train, { batchSize: 4 })) { if (index === 1) { console.log(index); break; } }
      await batches(train, { batchSize: 4 })[Symbol.asyncIterator]().next();`);
    expect(ended).toEqual({ status: 0, output: '1\n' });
  });
});

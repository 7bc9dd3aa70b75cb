import { Trainer, type TrainerOptions, type TrainResult } from '../../src/train/index.js';
import type { LabelledBatch, LoweringReport, StepTuning, TuningStore } from '../../src/program/index.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/weights/index.js';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.js';
import { chain, conv, defineNetwork, flatten, linear, relu } from '../../src/net/index.js';
import { probeBlockSize } from '../../src/session/block-size-node.js';
import { createNodeSession } from '../../src/session/node.js';
import { trainResNet, type NodeTrainOptions } from '../../src/train/node.js';
import { nodeTuningStore } from '../../src/train/tuning-node.js';
import { evenClock } from '../helpers/clock.js';
import { fill } from '../helpers/golden.js';
import { createSession, temporaryFolder, tinySet } from '../train/tiny.js';

/** Three convolutions with several forms, of 40 MFLOP each: the second layer's and its gradients. */
const network = defineNetwork({
  name: 'two-convs',
  input: [1, 8, 8],
  classes: 3,
  net: chain(
    ...[conv(32, 3, { padding: 1 }), relu(), conv(32, 3, { padding: 1 }), relu()],
    ...[conv(4, 3), flatten(), linear(3)],
  ),
});
const batchSize = 32;
const blockSize = await probeBlockSize();
const blocks = `blocks of ${String(blockSize)}`;
const shape = `${batchSize}x32x8x8 to ${batchSize}x32x8x8, kernel 3x3, stride 1x1, padding 1x1x1x1`;
const forward = `Conv ${shape}, copied, ${blocks}`;
const backward = `ConvInputGrad ${shape}, ${blocks}`;
const weight = `ConvWeightGrad ${shape}, ${blocks}`;
/** What the heuristic does not choose, with blocks of 16. */
const odd = { [forward]: 'narrow', [backward]: 'wide', [weight]: 'batch' };

const batch: LabelledBatch = {
  images: Float32Array.from(fill(3, batchSize * 64)),
  labels: Int32Array.from({ length: batchSize }, (_, i) => i % 3),
  size: batchSize,
};

function memoryStore(
  kept: Readonly<Record<string, string>> = {},
): TuningStore & { kept: Record<string, string> } {
  const store = {
    machine: 'mine',
    kept: { ...kept },
    load: () => Promise.resolve(store.kept),
    save: (choices: Readonly<Record<string, string>>) =>
      Promise.resolve(void Object.assign(store.kept, choices)),
  };
  return store;
}

async function trained(options: Partial<TrainerOptions> = {}) {
  const trainer = await Trainer.create(network, { createSession, ...options });
  try {
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) losses.push((await trainer.step(batch, 1e-2)).loss);
    const part = { images: batch.images.subarray(0, 5 * 64), labels: batch.labels.subarray(0, 5), size: 5 };
    losses.push((await trainer.step(part, 1e-2)).loss);
    return { losses, lowering: trainer.lowering, params: trainer.state.params };
  } finally {
    await trainer.dispose();
  }
}

describe.skipIf(blockSize === undefined)('a trainer that tunes', () => {
  test('measures what its store does not know, keeps it, and reports both', async () => {
    // However slow the machine is, the time for measuring is enough.
    evenClock();
    const store = memoryStore();
    const first = await trained({ tuning: { batchSize, store } });
    expect(first.lowering.tuned).toMatchObject({ machine: 'mine', batchSize, measured: 3, fromCache: 0 });
    const choices: StepTuning['report']['choices'] = first.lowering.tuned?.choices ?? {};
    expect(Object.keys(choices).toSorted()).toEqual([forward, backward, weight]);
    for (const [key, { ms = {} }] of Object.entries(choices)) {
      expect(Object.keys(ms).toSorted()).toEqual(key === weight ? ['batch', 'groups'] : ['narrow', 'wide']);
      for (const each of Object.values(ms)) expect(each).toBeGreaterThan(0);
    }
    expect(store.kept).toEqual(
      Object.fromEntries(Object.entries(choices).map(([key, { form }]) => [key, form])),
    );
    const second = await trained({ tuning: { batchSize, store } });
    expect(second.lowering.tuned).toMatchObject({ measured: 0, fromCache: 3, untuned: 0 });
    // The same choices: the same numbers, bit for bit.
    expect(second.losses).toEqual(first.losses);
    expect(second.params).toEqual(first.params);
  });

  test('takes the forms that its store has, and trains as without', async () => {
    const [tuned, plain] = [
      await trained({ tuning: { batchSize, store: memoryStore(odd) } }),
      await trained({}),
    ];
    expect(plain.lowering.tuned).toBeUndefined();
    expect(plain.lowering.forms).toMatchObject({
      Conv: { narrow: 2, wide: 1 },
      ConvInputGrad: { narrow: 2 },
    });
    expect(tuned.lowering.forms).toMatchObject({
      Conv: { narrow: 3 },
      ConvInputGrad: { narrow: 1, wide: 1 },
    });
    // Four steps of Adam on sums in another order: about 1e-6 of the loss.
    tuned.losses.forEach((loss, i) => {
      expect(Math.abs(loss - (plain.losses[i] ?? NaN))).toBeLessThan(1e-4);
    });
  });

  test('goes on where its choices cannot be kept, and says why', async () => {
    evenClock();
    const store = { ...memoryStore(), save: () => Promise.reject(new Error('no space left')) };
    const { lowering } = await trained({ tuning: { batchSize, store } });
    expect(lowering.tuned).toMatchObject({ measured: 3, unsaved: 'no space left' });
  });

  test('leaves its forms out where the step gives other numbers with them', async () => {
    let steps = 0;
    const { lowering } = await trained({
      tuning: { batchSize, store: memoryStore(odd) },
      async createSession(model, options) {
        const session = await createSession(model, options);
        // In order: the check's portable training model, and the lowered one with the forms.
        const isFirstLowered = session.outputNames.includes('loss') && ++steps === 2;
        return {
          device: session.device,
          outputNames: session.outputNames,
          dispose: () => session.dispose(),
          async run(feeds, outputs) {
            const results = await session.run(feeds, outputs);
            const loss = isFirstLowered ? results['loss'] : undefined;
            return loss === undefined ? results : { ...results, loss: { ...loss, data: Float32Array.of(9) } };
          },
        };
      },
    });
    expect(lowering.target).toBe('cpu');
    expect(lowering.reason).toMatch(
      /; the tuned forms are left out, for with them the cpu form of training differs: loss/,
    );
    expect(lowering.tuned).toBeUndefined();
    expect(lowering.forms).toMatchObject({ Conv: { narrow: 2, wide: 1 } });
  });

  test('has nothing to tune in the portable form', async () => {
    const store = memoryStore(odd);
    const { lowering } = await trained({ target: 'portable', tuning: { batchSize, store } });
    expect(lowering).toEqual({ target: 'portable', reason: 'it was asked for' });
  });
});

describe.skipIf(blockSize === undefined)('a trainer whose store keeps what has passed', () => {
  /** What a start compares: how many sessions of training and eval models without an optimizer it loads. */
  async function start(store: TuningStore, options: Partial<TrainerOptions> = {}) {
    let compared = 0;
    const trainer = await Trainer.create(network, {
      tuning: { batchSize, store },
      ...options,
      async createSession(model, given) {
        const session = await (options.createSession ?? createSession)(model, given);
        const { outputNames } = session;
        const isStep = outputNames.some((name) => name.startsWith('params_next'));
        if (outputNames.includes('loss') && !isStep) compared += 1;
        return session;
      },
    });
    const { lowering } = trainer;
    const { loss } = await trainer.step(batch, 1e-2);
    await trainer.dispose();
    return { compared, loss, reason: lowering.reason };
  }

  function keeping(choices: Readonly<Record<string, string>> = odd) {
    const passed = new Set<string>();
    return {
      ...memoryStore(choices),
      passed,
      hasPassed: (digest: string) => Promise.resolve(passed.has(digest)),
      keepPassed: (digest: string) => Promise.resolve(void passed.add(digest)),
    };
  }

  test('does not compare the same models twice, and says so', async () => {
    const store = keeping();
    const first = await start(store);
    expect(first).toMatchObject({ compared: 4, reason: 'it gave the portable numbers on a batch of 16' });
    const second = await start(store);
    expect(second).toMatchObject({
      compared: 0,
      reason: 'it gave the portable numbers on a batch of 16, in an earlier run of the same models here',
    });
    expect(second.loss).toBe(first.loss);
    expect([...store.passed]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });

  test('compares again with other forms, on another machine and with another number of threads', async () => {
    const store = keeping();
    await start(store);
    expect((await start({ ...store, machine: 'another' })).compared).toBe(4);
    expect((await start(store, { threads: 3, createSession: createNodeSession })).compared).toBe(4);
    expect(
      (await start({ ...store, load: () => Promise.resolve({ ...odd, [forward]: 'wide' }) })).compared,
    ).toBe(4);
    expect(store.passed.size).toBe(4);
    expect((await start(store)).compared).toBe(0);
  });

  test('compares in every start without such a store, or where it fails', async () => {
    const failing = {
      ...memoryStore(odd),
      hasPassed: () => Promise.reject(new Error('no such folder')),
      keepPassed: () => Promise.reject(new Error('no space left')),
    };
    for (const store of [memoryStore(odd), failing]) {
      expect((await start(store)).compared).toBe(4);
      expect((await start(store)).compared).toBe(4);
    }
  });

  test('keeps nothing of models that differ', async () => {
    const store = keeping({ [forward]: 'narrow', [backward]: 'narrow', [weight]: 'batch' });
    const wrong = await start(store, {
      async createSession(model, given) {
        const session = await createSession(model, given);
        const isLowered = session.outputNames.includes('grad.0');
        return {
          ...session,
          device: session.device,
          outputNames: session.outputNames,
          dispose: () => session.dispose(),
          async run(feeds, outputs) {
            const results = await session.run(feeds, outputs);
            const { loss } = results;
            return isLowered && loss ? { ...results, loss: { ...loss, data: Float32Array.of(9) } } : results;
          },
        };
      },
    });
    expect(wrong.reason).toMatch(/cpu form of training differs: loss by/);
    expect(store.passed.size).toBe(0);
  });
});

describe.skipIf(blockSize === undefined)('trainResNet', () => {
  const data = { train: tinySet('tiny/train', 3 * batchSize), test: tinySet('tiny/test', 20, 2) };
  const recipe: NodeTrainOptions = { network, data, epochs: 2, batchSize, learningRate: 0.01, threads: 1 };
  const weights = ({ checkpoint }: TrainResult) => decodeSafetensors(checkpoint, 'c').tensors;
  const formsOf = ({ tuned }: LoweringReport): Record<string, string> =>
    Object.fromEntries(Object.entries(tuned?.choices ?? {}).map(([key, { form }]) => [key, form]));

  test('goes on with the forms of the interrupted run, whatever the cache says now', async () => {
    const whole = await trainResNet({ ...recipe, autotune: memoryStore(odd) });
    expect(formsOf(whole.lowering)).toEqual(odd);
    const { checkpoint } = await trainResNet({ ...recipe, autotune: memoryStore(odd), maxSteps: 4 });
    const resume = { name: 'c', bytes: checkpoint };
    const other = memoryStore({ [forward]: 'wide', [backward]: 'narrow', [weight]: 'groups' });
    for (const autotune of [other, memoryStore()]) {
      const resumed = await trainResNet({ ...recipe, autotune, resume });
      expect(resumed.lowering.tuned).toMatchObject({ fromRun: 3, fromCache: 0, measured: 0 });
      expect(formsOf(resumed.lowering)).toEqual(odd);
      expect(weights(resumed)).toEqual(weights(whole));
    }
    const elsewhere = await trainResNet({ ...recipe, autotune: { ...other, machine: 'yours' }, resume });
    expect(elsewhere.lowering.tuned).toMatchObject({ fromRun: 0, fromCache: 3 });
    const heuristic = await trainResNet({ ...recipe, autotune: false, resume });
    expect(heuristic.lowering.tuned).toBeUndefined();
  });

  test('goes on with the heuristic where the interrupted run had it', async () => {
    const { checkpoint, lowering } = await trainResNet({ ...recipe, autotune: false, maxSteps: 4 });
    expect(lowering.tuned).toBeUndefined();
    const resume = { name: 'c', bytes: checkpoint };
    const resumed = await trainResNet({ ...recipe, autotune: memoryStore(odd), resume });
    expect(resumed.lowering.forms).toEqual(lowering.forms);
    expect(resumed.lowering.tuned).toMatchObject({ choices: {}, measured: 0, untuned: 3 });
    expect(weights(resumed)).toEqual(weights(await trainResNet({ ...recipe, autotune: false })));
  });

  test('refuses a checkpoint whose forms are damaged', async () => {
    const { checkpoint } = await trainResNet({ ...recipe, autotune: memoryStore(odd), maxSteps: 4 });
    const { tensors, metadata } = decodeSafetensors(checkpoint, 'c');
    const known = Object.fromEntries(metadata);
    const extra = JSON.parse(known['extra'] ?? '') as { readonly tuning: object };
    const damaged = { ...extra, tuning: { ...extra.tuning, choices: { a: 1 } } };
    const bytes = encodeSafetensors(tensors, { ...known, extra: JSON.stringify(damaged) });
    const resumed = trainResNet({ ...recipe, autotune: memoryStore(), resume: { name: 'c', bytes } });
    await expect(resumed).rejects.toThrow(CheckpointError);
    await expect(resumed).rejects.toThrow('tuning: expected forms by key, got {"a":1}');
  });

  test('writes the forms into the history', async () => {
    const out = temporaryFolder();
    const { lowering } = await trainResNet({ ...recipe, out, maxSteps: 1, autotune: memoryStore(odd) });
    const history = JSON.parse(readFileSync(join(out, 'history.json'), 'utf8')) as { lowering: unknown };
    expect(history.lowering).toEqual(lowering);
  });
});

describe('nodeTuningStore', () => {
  const fileIn = (folder: string): string => join(folder, readdirSync(folder)[0] ?? '');

  test('keeps choices, adds to them, and has a file for each number of threads', async () => {
    const cacheDir = join(temporaryFolder(), 'not', 'there', 'yet');
    const store = nodeTuningStore({ cacheDir, threads: 3 });
    expect(store.machine).toMatch(/^\d+\.\d+\.\d+-[a-z0-9-]+-3$/);
    expect(await store.load()).toEqual({});
    await store.save({ a: 'wide', b: 'batch' });
    await store.save({ b: 'pixel' });
    expect(await nodeTuningStore({ cacheDir, threads: 3 }).load()).toEqual({ a: 'wide', b: 'pixel' });
    expect(await nodeTuningStore({ cacheDir, threads: 2 }).load()).toEqual({});
    expect(readdirSync(cacheDir)).toEqual([`${store.machine}.json`]);
  });

  test('keeps the newest digests beside the choices', async () => {
    const cacheDir = temporaryFolder();
    const store = nodeTuningStore({ cacheDir, threads: 1 });
    const again = nodeTuningStore({ cacheDir, threads: 1 });
    expect(await store.hasPassed?.('a')).toBe(false);
    await store.keepPassed?.('a');
    await store.save({ b: 'batch' });
    expect([await again.hasPassed?.('a'), await again.hasPassed?.('b')]).toEqual([true, false]);
    expect(await again.load()).toEqual({ b: 'batch' });
    const path = join(cacheDir, `${store.machine}-passed.json`);
    const file = JSON.parse(readFileSync(path, 'utf8')) as { readonly passed: string[] };
    const many = { ...file, passed: [...file.passed, ...Array.from({ length: 499 }, (_, i) => `${i}`)] };
    writeFileSync(path, JSON.stringify(many));
    await store.keepPassed?.('new');
    expect([await again.hasPassed?.('a'), await again.hasPassed?.('0')]).toEqual([false, true]);
    writeFileSync(path, JSON.stringify({ ...file, passed: 'a' }));
    expect([await again.hasPassed?.('a'), await again.load()]).toEqual([false, { b: 'batch' }]);
  });

  test('loses nothing where several starts write at the same time', async () => {
    const cacheDir = temporaryFolder();
    const stores = Array.from({ length: 20 }, () => nodeTuningStore({ cacheDir, threads: 1 }));
    await Promise.all(
      stores.map(async (store, i) => {
        await Promise.all([store.save({ [`shape ${i}`]: 'wide' }), store.keepPassed?.(`${i}`)]);
      }),
    );
    const store = nodeTuningStore({ cacheDir, threads: 1 });
    expect(Object.keys(await store.load())).toHaveLength(20);
    const passed = await Promise.all(stores.map(async (_, i) => (await store.hasPassed?.(`${i}`)) === true));
    expect(passed).not.toContain(false);
  });

  test.each([
    ['is cut off', (text: string) => text.slice(0, -20)],
    ['is empty', () => ''],
    ['is something else', () => 'null'],
    ['has choices that are none', () => '{"format":"ort-train-tuning/1","choices":[1]}'],
    ['is of another version', (text: string) => text.replace(/"version": ".*"/, '"version": "0.0.0"')],
    ['is of another machine', (text: string) => text.replace(/"machine": ".*"/, '"machine": "other"')],
    ['is of another format', (text: string) => text.replace('tuning/1', 'tuning/2')],
  ])('replaces a file that %s', async (_, damage) => {
    const cacheDir = temporaryFolder();
    const store = nodeTuningStore({ cacheDir, threads: 1 });
    await store.save({ a: 'wide' });
    writeFileSync(fileIn(cacheDir), damage(readFileSync(fileIn(cacheDir), 'utf8')));
    expect(await store.load()).toEqual({});
    await store.save({ b: 'batch' });
    expect(await store.load()).toEqual({ b: 'batch' });
  });

  test('leaves out what is no form', async () => {
    const cacheDir = temporaryFolder();
    const store = nodeTuningStore({ cacheDir, threads: 1 });
    await store.save({ a: 'wide', b: 'batch' });
    writeFileSync(fileIn(cacheDir), readFileSync(fileIn(cacheDir), 'utf8').replace('"batch"', '7'));
    expect(await store.load()).toEqual({ a: 'wide' });
  });

  test('says where it cannot write', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(nodeTuningStore({ cacheDir: file }).save({ a: 'wide' })).rejects.toThrow(
      /cannot write .*a file/,
    );
    expect(await nodeTuningStore({ cacheDir: file }).load()).toEqual({});
  });
});

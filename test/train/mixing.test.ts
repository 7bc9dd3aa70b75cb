import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { batches, embeddedDigits, mixBatch, prepareBatch, type Batch } from '../../src/data/index.js';
import { AbortedError, OptionError } from '../../src/errors.js';
import { readModelCard } from '../../src/index.js';
import { constantLR, fit, runFiles, type TrainResult } from '../../src/train/index.js';
import { trainResNet, type NodeTrainOptions } from '../../src/train/node.js';
import { decodeSafetensors } from '../../src/weights/index.js';
import { temporaryFolder, tinyData, tinyFit, tinyNetwork, tinyTrainer, withoutTimes } from './tiny.js';

/** 20 images in batches of 8: 3 batches an epoch, the last one partial. */
const data = tinyData(20);
const recipe: NodeTrainOptions = {
  ...{ network: tinyNetwork({ norm: true }), data, epochs: 2, batchSize: 8, learningRate: 0.01 },
  ...{ shuffle: true, seed: 4, threads: 1, target: 'portable', mixup: 0.4, cutmix: 1 },
};

/** What does not depend on the clock, bit for bit. */
function outcome({ history, checkpoint }: TrainResult): unknown {
  const { epochs } = history;
  return { epochs: epochs.map(withoutTimes), state: decodeSafetensors(checkpoint, 'c').tensors };
}

/** Stops a run after a step and goes on with it. */
async function inTwoParts(options: NodeTrainOptions, after: number): Promise<TrainResult> {
  const abort = new AbortController();
  const out = temporaryFolder();
  const stopped = trainResNet({
    ...{ ...options, out, signal: abort.signal },
    onBatchEnd: ({ step }) => {
      if (step === after) abort.abort();
    },
  });
  await expect(stopped).rejects.toThrow(AbortedError);
  return trainResNet({ ...options, resume: join(out, runFiles.checkpoint) });
}

describe('a run that mixes images', () => {
  const whole = trainResNet(recipe);

  test('learns', async () => {
    const scheduler = constantLR();
    const { history } = await trainResNet({ ...recipe, data: tinyData(64), scheduler, epochs: 12 });
    const last = history.epochs.at(-1);
    // ln 3 is the loss of guessing.
    expect(last?.testLoss).toBeLessThan(0.5 * Math.log(3));
    expect(last?.testAccuracy).toBeGreaterThan(0.8);
    expect(last?.trainLoss).toBeLessThan(history.epochs[0]?.trainLoss ?? 0);
    // No network gets below the entropy of mixed labels; those of the test are not mixed.
    expect(last?.trainLoss).toBeGreaterThan(last?.testLoss ?? Infinity);
  });

  test.each([1, 2, 3, 5])('is the same when it goes on after step %i', async (after) => {
    expect(outcome(await inTwoParts(recipe, after))).toEqual(outcome(await whole));
  });

  test('is the same where several batches make a step', async () => {
    const options = { ...recipe, accumulate: 2 };
    expect(outcome(await inTwoParts(options, 3))).toEqual(outcome(await trainResNet(options)));
  });

  test("is the same in the processor's own form, on digits", async () => {
    const { network: _, target: _t, ...others } = recipe;
    const digits = embeddedDigits({ train: 40, test: 20, seed: 2 });
    const options: NodeTrainOptions = { ...others, preset: 'mnist-cnn-small', data: digits, batchSize: 16 };
    const all = await trainResNet({ ...options, autotune: false });
    expect(all.history.epochs.map(({ step }) => step)).toEqual([3, 6]);
    expect(outcome(await inTwoParts({ ...options, autotune: false }, 4))).toEqual(outcome(all));
  });

  test('is the same with batches from another thread', async () => {
    expect(outcome(await trainResNet({ ...recipe, prefetch: true }))).toEqual(outcome(await whole));
  });

  test.each([{ mixup: 0.4 }, { cutmix: 1 }, {}])('is another one with %j alone', async (mixing) => {
    const { mixup: _, cutmix: _c, ...plain } = recipe;
    const one = await trainResNet({ ...plain, ...mixing, epochs: 1 });
    expect(one.history.stepLosses).not.toEqual((await whole).history.stepLosses.slice(0, 3));
  });

  test('refuses to go on within an epoch with other numbers, not between two', async () => {
    const { checkpoint } = await trainResNet({ ...recipe, maxSteps: 2 });
    const bytes = { name: 'c', bytes: checkpoint };
    const other = trainResNet({ ...recipe, mixup: 0.3, resume: bytes });
    await expect(other).rejects.toThrow(OptionError);
    await expect(other).rejects.toThrow(/mixup: c stopped .* with mixup 0\.4: .* got 0\.3/);
    const { cutmix: _, ...without } = recipe;
    await expect(trainResNet({ ...without, resume: bytes })).rejects.toThrow(/cutmix 1: .* got null/);
    const one = await trainResNet({ ...recipe, epochs: 1 });
    const { history } = await trainResNet({ ...without, resume: { name: 'c', bytes: one.checkpoint } });
    expect(history.epochs).toHaveLength(2);
  });

  test('is recorded in the model', async () => {
    expect(readModelCard((await whole).model, 'model').provenance).toMatchObject({ mixup: 0.4, cutmix: 1 });
  });
});

describe('an epoch of mixed images', () => {
  const few = tinyData(12);
  const network = tinyNetwork();
  const mixing = { mixup: 1, classes: 3 };

  test('has the loss of the targets and the accuracy of the labels', async () => {
    const trainer = await tinyTrainer(network, { softTargets: true });
    const options = tinyFit({ epochs: 1, batchSize: 12, seed: 5, shuffle: true, mixup: 1 });
    // The network has no batch norm: in evaluation it is the same as in training.
    const options1 = { batchSize: 12, seed: 5, epoch: 1, shuffle: true };
    let batch: Batch | undefined;
    for await (const each of batches(few.train, options1)) batch = each;
    if (batch === undefined) throw new TypeError('no batch');
    const targets = mixBatch(batch, mixing, [1, 8, 8], { seed: 5, epoch: 1, batch: 0 });
    const logits = await trainer.predict(batch.images, 12);
    const rows = Array.from({ length: 12 }, (_, i) => [...logits.subarray(3 * i, 3 * i + 3)]);
    const losses = rows.map((row, i) => {
      const log = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
      return row.reduce((sum, value, k) => sum + (log - value) * (targets[3 * i + k] ?? NaN), 0);
    });
    const hits = rows.filter((row, i) => row.indexOf(Math.max(...row)) === batch.labels[i]).length;
    const { epochs } = await fit(trainer, few, options);
    // float32 against float64, numbers of about 1.
    expect(epochs[0]?.trainLoss).toBeCloseTo(losses.reduce((a, b) => a + b) / 12, 5);
    expect(epochs[0]?.trainAccuracy).toBe(hits / 12);
    // Targets that were one-hot would show nothing.
    expect(targets.filter((p) => p > 0.05 && p < 0.95).length).toBeGreaterThan(0);
  });

  test('is evaluated with labels', async () => {
    const soft = await tinyTrainer(network, { softTargets: true });
    const hard = await tinyTrainer(network);
    expect(await soft.evaluate(few.test)).toEqual(await hard.evaluate(few.test));
  });

  test('needs a trainer with soft targets', async () => {
    const trainer = await tinyTrainer(network);
    await expect(fit(trainer, few, tinyFit({ mixup: 0.2 }))).rejects.toThrow(
      'mixup and cutmix: expected a trainer with softTargets, got one without',
    );
    const soft = await tinyTrainer(network, { softTargets: true });
    await expect(fit(soft, few, tinyFit({ cutmix: -1 }))).rejects.toThrow(
      'cutmix: expected a finite number above 0, got -1',
    );
    await expect(fit(soft, few, tinyFit())).rejects.toThrow(
      /batch: expected 24 targets, 3 an image, got none/,
    );
  });

  test('may come from a source that mixes by itself', async () => {
    const run = async (options: Partial<Parameters<typeof fit>[2]>): Promise<readonly number[]> => {
      const trainer = await tinyTrainer(network, { softTargets: true });
      return (await fit(trainer, few, tinyFit({ mixup: 1, ...options }))).stepLosses;
    };
    const own = await run({
      async *batches(set, { mix, ...options }) {
        // What is evaluated comes from the same source, unmixed.
        if (set === few.test) {
          yield* batches(set, options);
          return;
        }
        expect(mix).toEqual(mixing);
        for await (const batch of batches(set, options)) {
          const stream = { seed: options.seed ?? 0, epoch: options.epoch ?? 0, batch: batch.index };
          yield { ...batch, targets: mixBatch(batch, mixing, [1, 8, 8], stream) };
        }
      },
    });
    expect(own).toEqual(await run({}));
    // A callback sees the mixed batch: it may change it with its targets.
    const changed = await run({
      changeBatch({ targets }) {
        targets?.fill(0);
      },
    });
    expect(changed).toEqual(changed.map(() => 0));
  });
});

test('a step by hand, on a batch that is mixed by hand', async () => {
  const trainer = await tinyTrainer(tinyNetwork(), { softTargets: true });
  const batch = await prepareBatch(tinyData(4).train, [0, 1, 2, 3]);
  const targets = mixBatch(batch, { cutmix: 1, classes: 3 }, [1, 8, 8], { seed: 0, epoch: 0, batch: 0 });
  const { loss } = await trainer.step({ ...batch, targets }, 0.01);
  expect(loss).toBeGreaterThan(0);
});

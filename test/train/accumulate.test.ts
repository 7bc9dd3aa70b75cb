import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { prepareBatch } from '../../src/data/index.js';
import { AbortedError, OptionError } from '../../src/errors.js';
import { chain, defineNetwork, dropout, flatten, linear } from '../../src/net/index.js';
import { fit, runFiles, stepLR, type BatchEnd } from '../../src/train/index.js';
import { trainResNet, type NodeTrainOptions } from '../../src/train/node.js';
import { decodeSafetensors } from '../../src/weights/index.js';
import { temporaryFolder, tinyData, tinyFit, tinyNetwork, tinyTrainer } from './tiny.js';

/** 20 images in batches of 4: five batches an epoch, two to a step, and one that is left over. */
const data = tinyData(20);
const network = tinyNetwork({ norm: true });
const options = { ...tinyFit({ epochs: 2 }), batchSize: 4 };
const batch = await prepareBatch(data.train, [0, 1, 2, 3]);

describe('several batches to a step', () => {
  test('steps are counted, and batches are told of', async () => {
    const trainer = await tinyTrainer(network, { accumulate: 2 });
    const told: Pick<BatchEnd, 'batch' | 'step'>[] = [];
    const turns: (number | undefined)[] = [];
    const { epochs, stepLosses } = await fit(trainer, data, {
      ...options,
      onBatchEnd: (end) => void told.push({ batch: end.batch, step: end.step }),
      betweenRuns: ({ partial }) => void turns.push(partial?.batches),
    });
    const steps = [1, 1, 2, 2, 3, 4, 4, 5, 5, 6];
    expect(told).toEqual(steps.map((step, i) => ({ batch: (i % 5) + 1, step })));
    expect(epochs.map(({ step }) => step)).toEqual([3, 6]);
    expect(stepLosses).toHaveLength(10);
    // Between two batches of one step nobody may look: the gradients so far are in no checkpoint. Five batches of the test.
    expect(turns).toEqual([0, 1].flatMap(() => [2, 4, 5, 5, 5, 5, 5, 5]));
  });

  test('the largest number of steps is of the optimizer', async () => {
    const trainer = await tinyTrainer(network, { accumulate: 2 });
    const { stepLosses, point } = await fit(trainer, data, { ...options, maxSteps: 2 });
    expect(stepLosses).toHaveLength(4);
    expect(point.partial?.batches).toBe(4);
  });

  test('the weights stand still until the step, running statistics do not', async () => {
    const trainer = await tinyTrainer(network, { accumulate: 3 });
    const before = trainer.state;
    await trainer.step(batch, 0.01);
    expect(trainer.isBetweenSteps).toBe(false);
    expect(trainer.state.params).toEqual(before.params);
    expect(trainer.state.buffers).not.toEqual(before.buffers);
    await trainer.step(batch, 0.01, { endsStep: true });
    expect(trainer.steps).toBe(1);
    expect(trainer.state.params).not.toEqual(before.params);
  });

  test('one batch that ends the step is a step', async () => {
    const one = await tinyTrainer(network);
    const many = await tinyTrainer(network, { accumulate: 8 });
    for (let i = 0; i < 3; i++) {
      await one.step(batch, 0.01);
      await many.step(batch, 0.01, { endsStep: true });
    }
    const [expected, actual] = [one.state.params, many.state.params];
    // The same operators in two runs, the gradient divided by 1: ONNX Runtime may fuse others of them.
    actual.forEach((value, i) => {
      expect(Math.abs(value - (expected[i] ?? NaN))).toBeLessThan(1e-5);
    });
  });

  test('layers draw other numbers for each batch', async () => {
    const dropping = defineNetwork({
      name: 'dropping',
      input: [1, 8, 8],
      classes: 3,
      net: chain(flatten(), dropout(0.5), linear(3)),
    });
    const trainer = await tinyTrainer(dropping, { accumulate: 4 });
    const losses = new Set<number>();
    for (let i = 0; i < 4; i++) losses.add((await trainer.step(batch, 0.01)).loss);
    expect(losses.size).toBe(4);
  });
});

test.each([
  [{ accumulate: 0 }, /accumulate: expected a whole number of at least 1, got 0/],
  [{ accumulate: 1.5 }, /accumulate: .*got 1\.5/],
  [{ clipNorm: 0 }, /clip norm: expected a finite number above 0, got 0/],
  [{ clipNorm: NaN }, /clip norm: .*got NaN/],
  [{ clipNorm: Infinity }, /clip norm: .*got Infinity/],
])('refuses %j', async (given, message) => {
  await expect(tinyTrainer(network, given)).rejects.toThrow(message);
  await expect(tinyTrainer(network, given)).rejects.toThrow(OptionError);
});

describe('a run that was stopped within a step', () => {
  const recipe: NodeTrainOptions = {
    ...{ network, data, epochs: 2, batchSize: 4, learningRate: 0.01, threads: 1 },
    ...{
      scheduler: stepLR({ stepSize: 1, gamma: 0.5 }),
      shuffle: true,
      seed: 4,
      accumulate: 2,
      clipNorm: 0.5,
    },
  };
  const whole = trainResNet(recipe);

  // Batches 1, 3 and 8 are the first of two; the epochs' fifth ones make a step by themselves.
  test.each([1, 2, 3, 5, 6, 8])('goes on to the step, and resumed is the same: batch %i', async (last) => {
    const abort = new AbortController();
    const out = temporaryFolder();
    let seen = 0;
    const stopped = trainResNet({
      ...recipe,
      out,
      signal: abort.signal,
      onBatchEnd: () => {
        if (++seen === last) abort.abort();
      },
    });
    await expect(stopped).rejects.toThrow(AbortedError);
    expect(seen).toBe([0, 2, 2, 4, 4, 5, 7, 7, 9][last]);
    const { checkpoint } = await trainResNet({ ...recipe, resume: join(out, runFiles.checkpoint) });
    const expected = (await whole).checkpoint;
    expect(decodeSafetensors(checkpoint, 'a').tensors).toEqual(decodeSafetensors(expected, 'b').tensors);
  });
});

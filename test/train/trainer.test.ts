import { Trainer } from '../../src/train/index.js';
import { buildGraph } from '../../src/program/index.js';
import { freshState } from '../../src/weights/index.js';
import { describe, expect, test } from 'vitest';
import { batches, prepareBatch } from '../../src/data/index.js';
import { CheckpointError, ModelError, OptionError, ShapeError } from '../../src/errors.js';
import { batchNorm, chain, defineNetwork, flatten, linear } from '../../src/net/index.js';
import { ndarray, type NdArray } from '../reference/array.js';
import { expectClose, type Tolerance } from '../reference/close.js';
import { evaluate } from '../reference/evaluate.js';
import { createSession, tinyData, tinyNetwork, tinySet, tinyTrainer } from './tiny.js';

const lr = 0.01;
const { train } = tinyData();
const batch = await prepareBatch(train, [0, 1, 2, 3, 4]);

/**
 * Gradients are float32 sums of some hundred products, good to about 1e-6 of the largest. Adam's first step divides each
 * by its own size, so that a gradient near zero may move its weight by anything up to lr: 1e-5 of the largest weight
 * holds for this seed, where no gradient is that small.
 */
const float32: Tolerance = { relative: 1e-5, ofLargest: 1e-5 };

describe.each([false, true])('a step (batch norm: %s)', (norm) => {
  const network = tinyNetwork({ norm });

  test('equals the float64 reference evaluator', async () => {
    const trainer = await tinyTrainer(network);
    const { params, buffers, slots } = trainer.state;
    const vector = (data: Float32Array): NdArray => ndarray([data.length], data);
    const expected = evaluate(buildGraph(network, 'step', { optimizer: { kind: 'adam' } }), {
      params: vector(params),
      buffers: vector(buffers),
      ...Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, vector(slot)])),
      input: ndarray([5, 1, 8, 8], batch.images),
      target: ndarray([5], batch.labels),
      lr: ndarray([], [Math.fround(lr)]),
      step: ndarray([], [1]),
    });
    const { loss, correct } = await trainer.step(batch, lr);
    const after = trainer.state;
    const actual: Record<string, NdArray> = {
      loss: ndarray([], [loss]),
      correct: ndarray([], [correct]),
      params_next: vector(after.params),
      ...(norm && { buffers_next: vector(after.buffers) }),
      ...Object.fromEntries(
        Object.entries(after.slots).map(([name, slot]) => [`${name}_next`, vector(slot)]),
      ),
    };
    expect(Object.keys(actual).toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [name, wanted] of Object.entries(expected)) {
      expectClose(name, actual[name] ?? ndarray([], []), wanted, float32);
    }
    expect(trainer.steps).toBe(1);
  });

  test('repeats bit for bit, and goes on from a state as if it had not stopped', async () => {
    const first = await tinyTrainer(network);
    for (let i = 0; i < 3; i++) await first.step(batch, lr);
    const again = await tinyTrainer(network);
    await again.step(batch, lr);
    const resumed = await tinyTrainer(network, { state: again.state, step: again.steps });
    for (let i = 0; i < 2; i++) await resumed.step(batch, lr);
    expect(resumed.state).toEqual(first.state);
    expect(resumed.steps).toBe(3);
  });
});

describe('the trainer', () => {
  test('learns the tiny data', async () => {
    const trainer = await tinyTrainer();
    const before = await trainer.evaluate(train);
    for (let epoch = 0; epoch < 12; epoch++) {
      for await (const each of batches(train, { batchSize: 8 })) await trainer.step(each, lr);
    }
    const after = await trainer.evaluate(train);
    expect(after.loss).toBeLessThan(before.loss / 2);
    expect(after.accuracy).toBe(1);
  });

  test('evaluates by image, whatever the batches, and leaves the state alone', async () => {
    const trainer = await tinyTrainer(tinyNetwork({ norm: true }));
    await trainer.step(batch, lr);
    const before = trainer.state;
    const whole = await trainer.evaluate(train, { batchSize: 24 });
    const parts = await trainer.evaluate(train, { batchSize: 7 });
    // The same float32 losses, added in another order.
    expect(parts.loss).toBeCloseTo(whole.loss, 6);
    expect(parts).toMatchObject({ correct: whole.correct, accuracy: whole.correct / 24, count: 24 });
    expect(await trainer.evaluate(train, { batchSize: 1000 })).toEqual(whole);
    expect(trainer.state).toEqual(before);
    expect(trainer.steps).toBe(1);
  });

  test('gives the mean loss of a batch even where the sum is minimised', async () => {
    const mean = await (await tinyTrainer()).step(batch, lr);
    const sum = await (await tinyTrainer(tinyNetwork(), { loss: { reduction: 'sum' } })).step(batch, lr);
    // The sum of five float32 losses, divided in float64.
    expect(sum.loss).toBeCloseTo(mean.loss, 6);
  });

  test('draws its weights from the seed and copies the state that it is given', async () => {
    const state = freshState(tinyNetwork(), { kind: 'adam' }, 5);
    const trainer = await tinyTrainer(tinyNetwork(), { state });
    expect((await tinyTrainer(tinyNetwork(), { seed: 5 })).state).toEqual(trainer.state);
    expect((await tinyTrainer(tinyNetwork(), { seed: 6 })).state).not.toEqual(trainer.state);
    const before = trainer.state;
    state.params.fill(9);
    trainer.state.params.fill(9);
    expect(trainer.state).toEqual(before);
  });

  test('refuses batches, rates and states that do not fit', async () => {
    const trainer = await tinyTrainer();
    const step = (change: Partial<typeof batch>, rate = lr) => trainer.step({ ...batch, ...change }, rate);
    await expect(step({ size: 4 })).rejects.toThrow(
      /batch: expected 4 images 1x8x8 and 4 labels, got 320 pixels/,
    );
    await expect(step({ labels: new Int32Array(3) })).rejects.toThrow(OptionError);
    await expect(step({}, NaN)).rejects.toThrow(/learning rate: expected a finite number, got NaN/);
    const wide = { ...tinySet('wide', 2), images: new Uint8Array(2 * 8 * 9), shape: [1, 8, 9] as const };
    await expect(trainer.evaluate(wide)).rejects.toThrow(OptionError);
    expect(trainer.steps).toBe(0);
    const create = (state: Parameters<typeof Trainer.create>[1]['state']) =>
      Trainer.create(tinyNetwork(), { createSession, ...(state && { state }) });
    const sgd = freshState(tinyNetwork(), { kind: 'sgd' }, 0);
    await expect(create(sgd)).rejects.toThrow(
      /state of tiny: 'first_moment': expected \d+ elements, got nothing/,
    );
    await expect(create({ ...trainer.state, params: new Float32Array(3) })).rejects.toThrow(CheckpointError);
  });

  test('says that it was disposed of', async () => {
    const trainer = await tinyTrainer();
    await trainer.dispose();
    await trainer.dispose();
    await expect(trainer.step(batch, lr)).rejects.toThrow(ModelError);
    await expect(trainer.step(batch, lr)).rejects.toThrow(/disposed/);
  });
});

const single = await prepareBatch(train, [0]);

describe.each(['auto', 'portable'] as const)('a batch of one image (target: %s)', (target) => {
  test('is refused where it leaves batch norm one value a channel, and nothing moves', async () => {
    const network = defineNetwork({
      name: 'single',
      input: [1, 8, 8],
      classes: 3,
      net: chain(flatten(), linear(4), batchNorm(), linear(3)),
    });
    const trainer = await tinyTrainer(network, { target });
    const before = trainer.state;
    await expect(trainer.step(single, lr)).rejects.toThrow(ShapeError);
    await expect(trainer.step(single, lr)).rejects.toThrow(
      /layer bn1: .*expected more than 1 value per channel when training, got input size \[1,4\]/,
    );
    expect(trainer.state).toEqual(before);
    expect(trainer.steps).toBe(0);
    expect((await trainer.step(batch, lr)).loss).toBeGreaterThan(0);
  });

  test('trains where the feature maps have more', async () => {
    const trainer = await tinyTrainer(tinyNetwork({ norm: true }), { target });
    await trainer.step(single, lr);
    const { loss } = await trainer.step(single, lr);
    expect(loss).toBeLessThan(Infinity);
    expect(trainer.state.params.every(Number.isFinite)).toBe(true);
  });
});

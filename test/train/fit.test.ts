import {
  fit,
  type BatchEnd,
  type EpochRecord,
  type FitOptions,
  type ResumePoint,
} from '../../src/train/index.js';
import { reduceLROnPlateau } from '../../src/train/schedulers/plateau.js';
import { stepLR } from '../../src/train/schedulers/steps.js';
import { describe, expect, test } from 'vitest';
import { batches, prepareBatch } from '../../src/data/index.js';
import { DivergedError } from '../../src/errors.js';
import { tinyData, tinyFit, tinyNetwork, tinyTrainer } from './tiny.js';

/** 19 images in batches of 8: the last batch has 3. */
const data = tinyData(19);

async function run(options: Partial<FitOptions> = {}) {
  const trainer = await tinyTrainer();
  return { trainer, ...(await fit(trainer, data, tinyFit(options))) };
}

describe('fit', () => {
  test('trains the last partial batch as PyTorch does: a mean over what is left', async () => {
    const byHand = await tinyTrainer();
    const losses: number[] = [];
    for (const indices of [[0, 1, 2], [3, 4, 5], [6]]) {
      const { loss } = await byHand.step(await prepareBatch(data.train, indices), 0.01);
      losses.push(loss);
    }
    const seven = { ...data, train: tinyData(7).train };
    const trainer = await tinyTrainer();
    const { stepLosses, epochs } = await fit(trainer, seven, tinyFit({ epochs: 1, batchSize: 3 }));
    expect(stepLosses).toEqual(losses);
    expect(trainer.state).toEqual(byHand.state);
    // By image, not by batch.
    const [a = NaN, b = NaN, c = NaN] = losses;
    expect(epochs[0]?.trainLoss).toBeCloseTo((3 * a + 3 * b + c) / 7, 12);
  });

  test('keeps the order of the file, or shuffles by seed and epoch', async () => {
    const plain = await run();
    const [seed0, again, seed1] = await Promise.all([
      run({ shuffle: true }),
      run({ shuffle: true }),
      run({ shuffle: true, seed: 1 }),
    ]);
    expect(again.stepLosses).toEqual(seed0.stepLosses);
    expect(seed0.stepLosses).not.toEqual(plain.stepLosses);
    expect(seed1.stepLosses).not.toEqual(seed0.stepLosses);
    // Epoch 2 has another order than epoch 1.
    const byHand = await tinyTrainer();
    const losses: number[] = [];
    for (const [epoch, lr] of [
      [1, 0.01],
      [2, 0.005],
    ] as const) {
      for await (const batch of batches(data.train, { batchSize: 8, shuffle: true, seed: 0, epoch })) {
        losses.push((await byHand.step(batch, lr)).loss);
      }
    }
    expect(seed0.stepLosses).toEqual(losses);
  });

  test('gives a history that adds up, and the schedule', async () => {
    const events: BatchEnd[] = [];
    const { trainer, epochs, stepLosses } = await run({ onBatchEnd: (event) => void events.push(event) });
    expect(epochs.map(({ epoch, step, lr }) => ({ epoch, step, lr }))).toEqual([
      { epoch: 1, step: 3, lr: 0.01 },
      { epoch: 2, step: 6, lr: 0.005 },
    ]);
    expect(events.map(({ loss }) => loss)).toEqual(stepLosses);
    expect(events.map(({ epoch, batch, step, size, lr }) => [epoch, batch, step, size, lr])).toEqual([
      ...[1, 2, 3].map((batch) => [1, batch, batch, batch === 3 ? 3 : 8, 0.01]),
      ...[1, 2, 3].map((batch) => [2, batch, batch + 3, batch === 3 ? 3 : 8, 0.005]),
    ]);
    for (const event of events) {
      expect(event).toMatchObject({ epochs: 2, batches: 3 });
      expect(event.accuracy * event.size).toBeCloseTo(Math.round(event.accuracy * event.size), 9);
      expect(event.imagesPerSecond).toBeGreaterThan(0);
    }
    const [first, second] = [events.slice(0, 3), events.slice(3)].map((epoch) => ({
      loss: epoch.reduce((sum, { loss, size }) => sum + loss * size, 0) / 19,
      accuracy: epoch.reduce((sum, { accuracy, size }) => sum + accuracy * size, 0) / 19,
    }));
    expect(events[2]?.meanLoss).toBeCloseTo(first?.loss ?? NaN, 12);
    expect(epochs[0]?.trainLoss).toBeCloseTo(first?.loss ?? NaN, 12);
    expect(epochs[0]?.trainAccuracy).toBeCloseTo(first?.accuracy ?? NaN, 12);
    expect(epochs[1]?.trainLoss).toBeCloseTo(second?.loss ?? NaN, 12);
    const test = await trainer.evaluate(data.test, { batchSize: 8 });
    expect(epochs[1]).toMatchObject({ testLoss: test.loss, testAccuracy: test.accuracy });
    expect(epochs.every(({ seconds, imagesPerSecond }) => seconds > 0 && imagesPerSecond > 0)).toBe(true);
  });

  test('calls back in order and waits for what is asynchronous', async () => {
    const calls: string[] = [];
    const later = async (what: string): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      calls.push(what);
    };
    await run({
      onBatchEnd: ({ step }) => later(`step ${step}`),
      onCheckpoint: async ({ epoch }) => {
        await later(`checkpoint ${epoch}`);
        return undefined;
      },
      onEpochEnd: ({ epoch }) => later(`epoch ${epoch}`),
    });
    expect(calls).toEqual([
      ...['step 1', 'step 2', 'step 3', 'checkpoint 1', 'epoch 1'],
      ...['step 4', 'step 5', 'step 6', 'checkpoint 2', 'epoch 2'],
    ]);
  });

  test.each(['onBatchEnd', 'onEpochEnd', 'onCheckpoint'] as const)(
    'lets an error of %s pass',
    async (name) => {
      const failure = new RangeError('mine');
      const callback = (): never => {
        throw failure;
      };
      await expect(run({ [name]: callback })).rejects.toBe(failure);
      await expect(run({ [name]: () => Promise.reject(failure) })).rejects.toBe(failure);
    },
  );

  test('stops after maxSteps, inside an epoch or at its end', async () => {
    const points: ResumePoint[] = [];
    const onCheckpoint = (point: ResumePoint): Promise<undefined> => {
      points.push(point);
      return Promise.resolve(undefined);
    };
    const inside = await run({ maxSteps: 4, onCheckpoint });
    expect(inside.stepLosses).toHaveLength(4);
    expect(inside.epochs.map(({ epoch, step }) => [epoch, step])).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(points.at(-1)).toMatchObject({ epoch: 1, partial: { batches: 1, images: 8 } });
    const atEnd = await run({ maxSteps: 3 });
    expect(atEnd.point).toMatchObject({ epoch: 1 });
    expect(atEnd.point.partial).toBeUndefined();
    expect((await run({ maxSteps: 100 })).stepLosses).toHaveLength(6);
  });

  test('lets ReduceLROnPlateau follow the metric', async () => {
    const records: EpochRecord[] = [];
    // No epoch improves by 90 %: after one bad epoch that is borne, the second reduces.
    const scheduler = reduceLROnPlateau({ factor: 0.5, patience: 1, threshold: 0.9 });
    await run({ epochs: 6, scheduler, onEpochEnd: (record) => void records.push(record) });
    expect(records.map(({ lr }) => lr)).toEqual([0.01, 0.01, 0.01, 0.005, 0.005, 0.0025]);
    const best = reduceLROnPlateau({ factor: 0.5, patience: 0, mode: 'min', threshold: 0 });
    const { epochs } = await run({ epochs: 4, scheduler: best });
    // By hand: a rise of the test loss halves the rate of the next epoch.
    let lowest = Infinity;
    let lr = 0.01;
    for (const record of epochs) {
      expect(record.lr).toBe(lr);
      if (record.testLoss < lowest) lowest = record.testLoss;
      else lr /= 2;
    }
  });
});

describe('a loss that is no longer finite', () => {
  test('stops the run and names step, learning rate and the last good checkpoint', async () => {
    let checkpoints = 0;
    const scheduler = { ...stepLR({ stepSize: 1 }), next: () => ({ epoch: 1, lr: 1e30, baseLr: 0.01 }) };
    const running = run({
      scheduler,
      onCheckpoint: () => Promise.resolve(`runs/${++checkpoints}`),
    });
    await expect(running).rejects.toThrow(DivergedError);
    await expect(running).rejects.toThrow(
      /the loss became (NaN|Infinity) at step 5 \(epoch 2, batch 2 of 3\) with learning rate 1e\+30; .* checkpoint: runs\/1$/,
    );
    expect(checkpoints).toBe(1);
  });

  test('is found at the first step where the weights are poisoned', async () => {
    const trainer = await tinyTrainer();
    const { state } = trainer;
    state.params.fill(NaN);
    const poisoned = await tinyTrainer(tinyNetwork(), { state });
    const running = fit(poisoned, data, tinyFit());
    await expect(running).rejects.toThrow(/became NaN at step 1 .* 0\.01; .* checkpoint: none was written$/);
  });

  test('is found after the last step too, before the good checkpoint is overwritten', async () => {
    let checkpoints = 0;
    const running = run({
      learningRate: 1e30,
      maxSteps: 1,
      resumedFrom: 'runs/before',
      onCheckpoint: () => Promise.resolve(`runs/${++checkpoints}`),
    });
    await expect(running).rejects.toThrow(DivergedError);
    await expect(running).rejects.toThrow(/became .* on tiny\/test after step 1 .*1e\+30.*: runs\/before$/);
    expect(checkpoints).toBe(0);
  });
});

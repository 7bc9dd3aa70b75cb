import { fit, type ResumePoint } from '../../src/train/index.js';
import { encodeInferenceModel } from '../../src/artifacts/index.js';
import { namedWeights } from '../../src/weights/index.js';
import { describe, expect, test } from 'vitest';
import { prepareBatch } from '../../src/data/index.js';
import { OptionError } from '../../src/errors.js';
import { Classifier } from '../../src/export/index.js';
import { clockByHand } from '../helpers/clock.js';
import { createSession, tinyData, tinyFit, tinyNetwork, tinySet, tinyTrainer, withoutTimes } from './tiny.js';

/** 20 images in batches of 8: 3 steps an epoch, and 3 batches of the test set. */
const data = tinyData(20);

describe('between two runs of a model', () => {
  test('others have their turn, and are told where a checkpoint would go on', async () => {
    const points: ResumePoint[] = [];
    const trainer = await tinyTrainer();
    const { epochs } = await fit(trainer, data, {
      ...tinyFit(),
      betweenRuns: (point) => {
        points.push(point);
      },
    });
    expect(points.map(({ epoch, partial }) => [epoch, partial?.batches])).toEqual(
      [0, 1].flatMap((epoch) => [1, 2, 3, 3, 3, 3].map((batches) => [epoch, batches])),
    );
    expect(points[5]?.partial?.images).toBe(20);
    expect(points[6]?.epochs).toEqual(epochs.slice(0, 1));
  });

  test('the clock stands still', async () => {
    const trainer = await tinyTrainer();
    const pass = clockByHand();
    const { epochs } = await fit(trainer, data, {
      ...tinyFit({ epochs: 1 }),
      onBatchEnd: () => {
        pass(125);
      },
      betweenRuns: () => {
        pass(3_600_000);
      },
    });
    // Three steps of an eighth of a second; the six hours between the runs are not in it.
    expect(epochs[0]).toMatchObject({ seconds: 0.375, imagesPerSecond: 20 / 0.375 });
  });

  test('an error ends the run', async () => {
    const trainer = await tinyTrainer();
    const failure = new RangeError('mine');
    const run = fit(trainer, data, { ...tinyFit(), betweenRuns: () => Promise.reject(failure) });
    await expect(run).rejects.toBe(failure);
    expect(trainer.steps).toBe(1);
  });
});

test('a batch can be changed before it is trained on', async () => {
  const seen: number[] = [];
  const losses = async (change: boolean): Promise<readonly number[]> => {
    const { stepLosses } = await fit(await tinyTrainer(), data, {
      ...tinyFit(),
      ...(change && {
        changeBatch: ({ images }, step) => {
          seen.push(step);
          if (step > 2) images.fill(0);
        },
      }),
    });
    return stepLosses;
  };
  const [changed, plain] = [await losses(true), await losses(false)];
  expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
  expect(changed.slice(0, 2)).toEqual(plain.slice(0, 2));
  expect(changed[2]).not.toBe(plain[2]);
});

describe('Trainer.predict', () => {
  test.each([false, true])('gives the logits of the exported model (batch norm: %s)', async (norm) => {
    const network = tinyNetwork({ norm });
    const trainer = await tinyTrainer(network);
    const set = tinySet('test', 5);
    await fit(trainer, data, tinyFit());
    const { images } = await prepareBatch(set, [0, 1, 2, 3, 4]);
    const logits = await trainer.predict(images, 5);
    expect(logits).toHaveLength(15);
    // As many at a time as one likes; nothing has changed by asking.
    expect(await trainer.predict(images.slice(64, 128), 1)).toHaveLength(3);
    expect(await trainer.predict(images, 5)).toEqual(logits);

    const model = encodeInferenceModel(network, namedWeights(network, trainer.state));
    const classifier = await Classifier.load(model, 'model', createSession);
    const pixels = set.images.subarray(64, 128);
    const prediction = await classifier.classify({ pixels, channels: 1, height: 8, width: 8 });
    await classifier.dispose();
    prediction.logits.forEach((logit, i) => {
      // The same operators in another graph: float32 in another order.
      expect(Math.abs(logit - (logits[3 + i] ?? NaN))).toBeLessThan(1e-5);
    });
  });

  test('uses the weights of the last step', async () => {
    const trainer = await tinyTrainer();
    const batch = await prepareBatch(tinySet('a', 8), [0, 1, 2, 3, 4, 5, 6, 7]);
    const before = await trainer.predict(batch.images, 8);
    await trainer.step(batch, 0.01);
    expect(await trainer.predict(batch.images, 8)).not.toEqual(before);
    await expect(trainer.predict(batch.images, 7)).rejects.toThrow(OptionError);
  });

  test('leaves the run as it is', async () => {
    const records = async (asks: boolean): Promise<unknown> => {
      const trainer = await tinyTrainer();
      const { images } = await prepareBatch(data.test, [0]);
      const { epochs, stepLosses } = await fit(trainer, data, {
        ...tinyFit(),
        ...(asks && { betweenRuns: () => trainer.predict(images, 1).then(() => undefined) }),
      });
      return [epochs.map(withoutTimes), stepLosses];
    };
    expect(await records(true)).toEqual(await records(false));
  });
});

import { constantLR } from '../../src/train/schedulers/steps.js';
import { describe, expect, test } from 'vitest';
import { pixelsFromDrawing } from '../../src/data/index.js';
import { DataError, ModelError, OptionError } from '../../src/errors.js';
import { loadClassifier } from '../../src/export/node.js';
import type { PixelImage } from '../../src/export/index.js';
import type { WorkerRun } from '../../src/worker/protocol.js';
import { atStep, imageOf, recipe, testHost } from './helpers.js';

/** 12 steps: what they give without anybody disturbing them. */
const whole = testHost().host.train(recipe);

describe('predict', () => {
  test('uses the present weights while a run goes, and those of the finished run', async () => {
    const made = testHost();
    const during = atStep(made, 6, () => made.host.predict(imageOf(0)));
    const { model } = await made.host.train({ ...recipe, epochs: 6 });
    const early = await during;
    const late = await made.host.predict(imageOf(0));
    expect(early.logits).not.toEqual(late.logits);
    const classifier = await loadClassifier(model, { threads: 1 });
    expect(await classifier.predict(imageOf(0))).toEqual(late);
    await classifier.dispose();
  });

  test('gives what the exported model gives', async () => {
    const made = testHost();
    const both = atStep(made, 6, async () => {
      await made.host.pause();
      return [await made.host.predict(imageOf(2)), await made.host.exportModel()] as const;
    });
    const run = made.host.train(recipe);
    const [prediction, model] = await both;
    await made.host.resume();
    await run;
    const classifier = await loadClassifier(model, { threads: 1 });
    const { logits } = await classifier.predict(imageOf(2));
    await classifier.dispose();
    // Batch norm is folded in the exported model: the same numbers up to rounding.
    logits.forEach((logit, i) => {
      expect(Math.abs(logit - (prediction.logits[i] ?? NaN))).toBeLessThan(1e-4);
    });
  });

  test('refuses images of another size, and to work without a network', async () => {
    const { host } = testHost();
    await expect(host.predict(imageOf(0))).rejects.toThrow(
      /predict: expected a network: train one, or load a model/,
    );
    await expect(host.exportModel()).rejects.toThrow(OptionError);
    await expect(host.mistakes(3)).rejects.toThrow(OptionError);
    await host.train({ ...recipe, maxSteps: 1 });
    const small: PixelImage = { pixels: new Uint8Array(64), channels: 1, height: 8, width: 8 };
    await expect(host.predict(small)).rejects.toThrow(DataError);
  });
});

describe('a loaded model', () => {
  test('classifies until a run begins, also one that was loaded while a run went', async () => {
    const { model } = await whole;
    const made = testHost();
    const card = await made.host.loadModel(model, 'mine.onnx');
    expect(card.network).toBe('resnet8-cifar');
    const loaded = await made.host.predict(imageOf(0));
    expect(await made.host.exportModel()).toEqual(model);
    await made.host.train({ ...recipe, maxSteps: 1 });
    expect((await made.host.predict(imageOf(0))).logits).not.toEqual(loaded.logits);
    const during = atStep(made, 2, () => made.host.loadModel(model, 'mine.onnx'));
    await made.host.train(recipe);
    await during;
    expect(await made.host.predict(imageOf(0))).toEqual(loaded);
  });

  test('that is none leaves the network in use', async () => {
    const { host } = testHost();
    await host.loadModel((await whole).model, 'a.onnx');
    await expect(host.loadModel(new Uint8Array(9), 'b.onnx')).rejects.toThrow(ModelError);
    await expect(host.loadModel(new Uint8Array(9), 'b.onnx')).rejects.toThrow(/^b\.onnx: /);
    expect((await host.predict(imageOf(0))).probabilities).toHaveLength(10);
  });

  test('of digits makes its mistakes on the embedded ones without a run', async () => {
    const { host } = testHost();
    await host.loadModel((await whole).model, 'a.onnx');
    expect(await host.mistakes(5)).toHaveLength(5);
  });
});

describe('mistakes', () => {
  test('are those of the test set', async () => {
    const { host } = testHost();
    const { model, testAccuracy } = await host.train(recipe);
    const mistakes = await host.mistakes(100);
    expect(mistakes).toHaveLength(40 - Math.round(testAccuracy * 40));
    const classifier = await loadClassifier(model, { threads: 1 });
    for (const { image, label, predicted, probability } of mistakes) {
      const again = await classifier.predict(image);
      expect([again.label, again.probability]).toEqual([predicted, expect.closeTo(probability, 5)]);
      expect(label).not.toBe(predicted);
    }
    await classifier.dispose();
    expect((await host.mistakes(2)).map(({ label }) => label)).toEqual(
      mistakes.slice(0, 2).map(({ label }) => label),
    );
    await expect(host.mistakes(0)).rejects.toThrow(/expected a whole number of at least 1, got 0/);
  });

  test('are found while a run goes', async () => {
    const made = testHost();
    const during = atStep(made, 2, () => made.host.mistakes(3));
    await made.host.train({ ...recipe, epochs: 4 });
    expect(await during).toHaveLength(3);
  });
});

describe('teach', () => {
  const drawn = pixelsFromDrawing({
    // A thick slanting stroke in the middle of 28x28.
    data: Float64Array.from({ length: 28 * 28 * 4 }, (_, i) => {
      const [x, y] = [(i >> 2) % 28, Math.floor((i >> 2) / 28)];
      return i % 4 === 3 && Math.abs(x - y) < 3 && y > 6 && y < 22 ? 255 : 0;
    }),
    width: 28,
    height: 28,
  });
  const image = drawn ?? imageOf(0);

  test('makes a running network know the image soon', async () => {
    const made = testHost();
    const taught = atStep(made, 2, () => made.host.teach(image, 0));
    const learn: WorkerRun = {
      ...{ preset: 'mnist-cnn-small', epochs: 10, batchSize: 16, threads: 1 },
      ...{ learningRate: 2e-3, scheduler: constantLR() },
    };
    await made.host.train(learn);
    expect(await taught).toBe(1);
    const { label, probability } = await made.host.predict(image);
    expect(label).toBe('0');
    // 0.85 to 0.99, by the step before which the machine lets the image in.
    expect(probability).toBeGreaterThan(0.5);
    // Without being taught it is no 0.
    const without = testHost();
    await without.host.train(learn);
    const { probabilities } = await without.host.predict(image);
    expect(probabilities.find(({ index }) => index === 0)?.probability).toBeLessThan(0.1);
  });

  test('counts for a run that goes on: the same numbers as without a break', async () => {
    const one = testHost();
    await one.host.teach(image, 4);
    await one.host.teach(imageOf(3), 7);
    const unbroken = await one.host.train(recipe);
    expect(unbroken.history.stepLosses).not.toEqual((await whole).history.stepLosses);

    const two = testHost();
    await two.host.teach(image, 4);
    await two.host.teach(imageOf(3), 7);
    await two.host.train({ ...recipe, maxSteps: 5 });
    expect((await two.host.stored())?.taught).toBe(2);
    const later = testHost({}, two.store);
    const { history } = await later.host.train({ resume: 'stored', maxSteps: 12 });
    expect(history.stepLosses).toEqual(unbroken.history.stepLosses.slice(5));
    expect(await later.host.teach(imageOf(5), 1)).toBe(3);
  });

  test('refuses what does not fit', async () => {
    const made = testHost();
    await expect(made.host.teach(image, 1.5)).rejects.toThrow(OptionError);
    await expect(made.host.teach({ ...image, width: 27 }, 1)).rejects.toThrow(DataError);
    const wrong = atStep(made, 1, () =>
      Promise.allSettled([
        made.host.teach({ pixels: new Uint8Array(64), channels: 1, height: 8, width: 8 }, 1),
        made.host.teach(image, 10),
      ]),
    );
    await made.host.train(recipe);
    const [size, label] = await wrong;
    expect(size).toMatchObject({ status: 'rejected', reason: expect.any(DataError) as DataError });
    expect(label).toMatchObject({ status: 'rejected', reason: expect.any(DataError) as DataError });
  });

  test('leaves images out of a run on other data, and says so', async () => {
    const made = testHost();
    await made.host.teach({ pixels: new Uint8Array(64), channels: 1, height: 8, width: 8 }, 1);
    const { history } = await made.host.train(recipe);
    expect(history.stepLosses).toEqual((await whole).history.stepLosses);
    expect(made.warnings()).toEqual([
      'taught images are left out of this run: they are 1x8x8, digits/train has 1x28x28',
    ]);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { augmentFrom } from '../../src/cli/train/image-options.js';
import { shownSteps } from '../../src/cli/train/reporter.js';
import { readModelCard } from '../../src/export/index.js';
import type { BatchEnd } from '../../src/train/index.js';
import { trainResNet, type NodeTrainOptions } from '../../src/train/node.js';
import { temporaryFolder } from '../train/tiny.js';

describe('augmentFrom', () => {
  test.each([
    [{ pad: 4 }, { pad: 4, crop: true }],
    [
      { pad: 4, crop: false },
      { pad: 4, crop: false },
    ],
    [{ crop: true }, { crop: true }],
    [{ pad: 0, crop: true, flip: true }, { flip: true }],
    [{ pad: 0, flip: false }, undefined],
    [{}, undefined],
  ])('%j is %j', (said, expected) => {
    expect(augmentFrom(said)).toEqual(expected);
  });
});

test('a step of several batches is shown once', () => {
  const isShown = shownSteps(2);
  const steps = [1, 1, 1, 2, 2, 2, 3, 3, 4];
  expect(steps.map((step) => isShown({ step } as BatchEnd))).toEqual(
    [0, 0, 0, 1, 0, 0, 0, 0, 1].map((shown) => shown === 1),
  );
  expect(steps.map((step) => shownSteps(0)({ step } as BatchEnd))).not.toContain(true);
});

test('a run that goes on says how it began, in its run.json and in the model', async () => {
  const folder = temporaryFolder();
  const options: NodeTrainOptions = {
    preset: 'mnist-cnn-small',
    data: 'digits',
    dataOptions: { digits: { train: 32, test: 8 }, cacheDir: 'somewhere' },
    batchSize: 16,
    autotune: false,
    target: 'portable',
  };
  const at = (run: string, name: string): string => join(folder, run, name);
  await trainResNet({ ...options, maxSteps: 1, out: join(folder, 'first') });
  const init = at('first', 'checkpoint.safetensors');
  await trainResNet({ ...options, init, freshHead: true, maxSteps: 1, out: join(folder, 'second') });
  const again = at('second', 'checkpoint.safetensors');
  const { model } = await trainResNet({
    ...options,
    resume: again,
    maxSteps: 2,
    out: join(folder, 'second'),
  });
  const written = JSON.parse(readFileSync(at('second', 'run.json'), 'utf8')) as Record<string, unknown>;
  expect(written).toMatchObject({
    init,
    freshHead: true,
    dataOptions: { cacheDir: join(process.cwd(), 'somewhere') },
  });
  expect(readModelCard(model, 'model').provenance).toMatchObject({ init, freshHead: true, step: 2 });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors.js';
import { stateLayout } from '../../src/net/index.js';
import { reduceLROnPlateau } from '../../src/train/index.js';
import { trainResNet, type NodeTrainOptions } from '../../src/train/node.js';
import { decodeCheckpoint } from '../../src/weights/index.js';
import { tinyData, tinyNetwork } from './tiny.js';

/**
 * A run that version 0.1.0 stopped after step 5 of 9, in the middle of its second epoch, with all that a checkpoint can
 * hold: batch norm's buffers, Adam's moments, a schedule with a memory, a shuffle, an augmentation. `end.json` is what
 * that version's whole run came to.
 */
const folder = new URL('../golden/checkpoint-0.1.0/', import.meta.url);
const bytes = readFileSync(new URL('checkpoint.safetensors', folder));
const end = JSON.parse(readFileSync(new URL('end.json', folder), 'utf8')) as {
  readonly epochs: readonly Readonly<Record<string, number>>[];
};
const network = tinyNetwork({ norm: true });
const recipe: NodeTrainOptions = {
  network,
  data: tinyData(20),
  epochs: 3,
  batchSize: 8,
  learningRate: 0.01,
  scheduler: reduceLROnPlateau({ patience: 0, factor: 0.5, threshold: 0.9 }),
  shuffle: true,
  seed: 4,
  threads: 1,
  augment: { pad: 1, crop: true, flip: true },
};

describe('a checkpoint of version 0.1.0', () => {
  test('gives its state and its progress', () => {
    const { state, progress } = decodeCheckpoint(network, { kind: 'adam' }, bytes, 'checkpoint.safetensors');
    const { parameters, buffers } = stateLayout(network);
    expect([state.params.length, state.buffers.length]).toEqual([parameters.size, buffers.size]);
    expect(Object.keys(state.slots)).toEqual(['first_moment', 'second_moment']);
    expect([progress.step, progress.epoch]).toEqual([5, 1]);
  });

  test.each(['portable', 'auto'] as const)('goes on as that version went on, %s', async (target) => {
    const resume = { name: 'checkpoint.safetensors', bytes };
    const { history } = await trainResNet({ ...recipe, target, resume });
    expect(history.epochs).toHaveLength(end.epochs.length);
    end.epochs.forEach((expected, i) => {
      for (const [name, value] of Object.entries(expected)) {
        const actual = history.epochs[i]?.[name as 'trainLoss'];
        // Written by the portable form on another CPU: four steps of Adam from float32 sums in another order.
        expect(actual, `${name} of epoch ${i + 1}`).toBeCloseTo(value, 4);
      }
    });
  });

  test.each([
    ['seed', { seed: 5 }],
    ['augment', { augment: { pad: 2, crop: true, flip: true } }],
    ['batchSize', { batchSize: 4 }],
  ])('refuses another %s in the middle of its epoch', async (name, change) => {
    const resume = { name: 'checkpoint.safetensors', bytes };
    const trained = trainResNet({ ...recipe, ...change, resume });
    await expect(trained).rejects.toThrow(OptionError);
    await expect(trained).rejects.toThrow(name);
  });
});

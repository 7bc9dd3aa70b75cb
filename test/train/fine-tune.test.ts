import { decodeSafetensors } from '../../src/weights/index.js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { selectClasses } from '../../src/data/index.js';
import { CheckpointError, OptionError } from '../../src/errors.js';
import { countParameters, freeze, initialState, replaceHead } from '../../src/net/index.js';
import { trainResNet, type NodeTrainOptions } from '../../src/train/node.js';
import { temporaryFolder, tinyData, tinyNetwork } from './tiny.js';

const network = tinyNetwork({ norm: true });
const data = tinyData();
const common: NodeTrainOptions = { network, data, epochs: 1, batchSize: 8, threads: 1 };
const first = await trainResNet({ ...common, foldBatchNorm: false });

/** A tensor of a checkpoint. */
function tensor(checkpoint: Uint8Array, name: string): readonly number[] {
  const found = decodeSafetensors(checkpoint, 'c').tensors.get(name);
  return Array.from(found?.data as Float32Array);
}

describe('fine-tuning', () => {
  const two = replaceHead(network, 2);
  const fineTuned = freeze(two, ['*'], { except: ['block1', 'head'] });
  const again: NodeTrainOptions = {
    ...common,
    network: fineTuned,
    data: selectClasses(data, ['three', 'one']),
    init: first.checkpoint,
    freshHead: true,
    seed: 5,
  };

  test('carries the weights over, leaves the frozen ones alone and draws a new head', async () => {
    const { checkpoint, model } = await trainResNet(again);
    for (const name of ['conv1.weight', 'bn1.weight', 'bn1.running_var']) {
      expect(tensor(checkpoint, name), name).toEqual(tensor(first.checkpoint, name));
    }
    for (const name of ['block1.conv1.weight', 'block1.bn1.running_mean']) {
      expect(tensor(checkpoint, name), name).not.toEqual(tensor(first.checkpoint, name));
    }
    const drawn = initialState(two, 5).get('head.weight') ?? [];
    const head = tensor(checkpoint, 'head.weight');
    // Adam moves a weight by about the learning rate, 1e-3, a step at most: here are two steps.
    expect(Math.max(...head.map((w, i) => Math.abs(w - (drawn[i] ?? NaN))))).toBeLessThan(3e-3);
    expect(new TextDecoder().decode(model)).toContain('["three","one"]');
    expect(new TextDecoder().decode(model)).toContain('"freshHead":true');
  });

  test('draws the head anew even where the old one has its shape', async () => {
    const { checkpoint } = await trainResNet({ ...common, init: first.checkpoint, freshHead: true, seed: 5 });
    const drawn = initialState(network, 5).get('head.weight') ?? [];
    const moved = tensor(checkpoint, 'head.weight').map((w, i) => Math.abs(w - (drawn[i] ?? NaN)));
    expect(Math.max(...moved)).toBeLessThan(4e-3);
    const kept = tensor(first.checkpoint, 'head.weight').map((w, i) => Math.abs(w - (drawn[i] ?? NaN)));
    expect(Math.max(...kept)).toBeGreaterThan(4e-3);
  });

  test('takes the weights of a model, and of a run with another optimizer', async () => {
    const model = join(temporaryFolder(), 'model.onnx');
    writeFileSync(model, first.model);
    const options = { ...again, optimizer: { kind: 'sgd' }, maxSteps: 1 } as const;
    const fromModel = await trainResNet({ ...options, init: model });
    const fromCheckpoint = await trainResNet(options);
    expect(fromModel.history.stepLosses).toEqual(fromCheckpoint.history.stepLosses);
  });

  test.each<readonly [string, NodeTrainOptions, typeof OptionError | typeof CheckpointError, RegExp]>([
    [
      'another head without being told',
      { ...again, freshHead: false },
      CheckpointError,
      /^init does not fit the network tiny: 'head.weight': expected \[2,36\], got \[3,36\]/,
    ],
    [
      'a fresh head without weights',
      { ...common, freshHead: true },
      OptionError,
      /^freshHead: expected weights to start from \(init\), got none$/,
    ],
    [
      'a fresh head that is frozen',
      { ...again, network: freeze(two, ['head']) },
      OptionError,
      /^fresh head: expected tiny to train head.weight and head.bias, but head.weight and head.bias is frozen$/,
    ],
    [
      'a body that is not the same',
      { ...again, network: replaceHead(tinyNetwork(), 2) },
      CheckpointError,
      /'bn1.weight' is unexpected/,
    ],
  ])('refuses %s', async (_, options, kind, message) => {
    const training = trainResNet(options);
    await expect(training).rejects.toThrow(kind);
    await expect(training).rejects.toThrow(message);
  });
});

test('countParameters tells trained from frozen', () => {
  const size = (name: string): number => tensor(first.checkpoint, name).length;
  const all = countParameters(network);
  expect(all.frozen).toBe(0);
  const stem = size('conv1.weight') + size('bn1.weight') + size('bn1.bias');
  expect(countParameters(freeze(network, ['conv1', 'bn1']))).toEqual({
    trained: all.trained - stem,
    frozen: stem,
  });
});

import { buildGraph, buildInferenceGraph, stateLayout } from '../../src/program/index.js';
import { describe, expect, test } from 'vitest';
import { embeddedDigits, type MemoryDataset } from '../../src/data/index.js';
import { formatShape, verify } from '../../src/ir/index.js';
import { presetNames, presetNetwork, type PresetName } from '../../src/models/index.js';
import { initialState } from '../../src/net/index.js';
import { trainResNet } from '../../src/train/node.js';

describe('every preset', () => {
  test('is named once; there are 22', () => {
    expect(new Set(presetNames).size).toBe(presetNames.length);
    expect(presetNames).toHaveLength(22);
  });

  test.each(presetNames)('%s is defined and builds', (name) => {
    const network = presetNetwork(name, { classes: 7, channels: 2, imageSize: [34, 40] });
    expect(network).toMatchObject({ name, classes: 7, input: [2, 34, 40] });
    const graph = buildGraph(network, 'eval', { optimizer: { kind: 'adam' } });
    verify(graph);
    const outputs = new Map(graph.outputs.map(({ name: output, value }) => [output, value.shape]));
    expect(outputs.get('logits')).toEqual(['N', 7]);
    expect(outputs.get('loss')).toEqual([]);
    const inputs = new Map(graph.inputs.map((value) => [value.name, formatShape(value.shape)]));
    const { parameters, buffers } = stateLayout(network);
    expect(inputs.get('params')).toBe(`[${parameters.size}]`);
    expect(inputs.get('buffers')).toBe(buffers.size === 0 ? undefined : `[${buffers.size}]`);
    expect(inputs.get('input')).toBe('[N,2,34,40]');
  });
});

// The deep ones of torchvision have up to 60 million weights, which drawing alone takes seconds for.
const small = presetNames.filter((name) => !/(50|101|152)$/.test(name));

test.each(small)('%s has a step and an inference graph', (name) => {
  const network = presetNetwork(name, { classes: 3, channels: 1, imageSize: 32 });
  const step = buildGraph(network, 'step', { optimizer: { kind: 'sgd' } });
  verify(step);
  const size = stateLayout(network).parameters.size;
  const next = step.outputs.find((output) => output.name === 'params_next');
  expect(next?.value.shape).toEqual([size]);
  const inference = buildInferenceGraph(network, initialState(network, 0));
  expect(inference.outputs.map((output) => output.value.shape)).toEqual([
    ['N', 3],
    ['N', 3],
  ]);
});

/** Digits, enlarged to 32x32 by a black margin and repeated in each channel. */
function margined(set: MemoryDataset, channels: number): MemoryDataset {
  const images = new Uint8Array(set.count * channels * 32 * 32);
  for (let plane = 0; plane < set.count * channels; plane++) {
    const item = Math.floor(plane / channels);
    for (let row = 0; row < 28; row++) {
      const from = (item * 28 + row) * 28;
      images.set(set.images.subarray(from, from + 28), (plane * 32 + row + 2) * 32 + 2);
    }
  }
  return { ...set, images, shape: [channels, 32, 32] };
}

const digits = embeddedDigits({ train: 16, test: 4 });
const data = { train: margined(digits.train, 3), test: margined(digits.test, 3) };

test.each<PresetName>(['resnet18', 'resnet20-cifar', 'plain20-cifar', 'resnet50'])(
  '%s trains',
  async (preset) => {
    const { history, model, testLoss } = await trainResNet({
      preset,
      ...{ data, classes: 10, channels: 3, imageSize: 32 },
      ...{ maxSteps: 2, batchSize: 8, threads: 1, target: 'portable' },
    });
    expect(history.stepLosses).toHaveLength(2);
    expect(history.stepLosses.every(Number.isFinite)).toBe(true);
    // Ten classes, ten logits of order 1: within a few units of log 10.
    expect(history.stepLosses[0]).toBeLessThan(6);
    expect(Number.isFinite(testLoss)).toBe(true);
    expect(model.byteLength).toBeGreaterThan(1e5);
  },
);

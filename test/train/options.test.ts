import { stepLR } from '../../src/train/schedulers/steps.js';
import { createTrainingArtifacts } from '../../src/artifacts/index.js';
import { decodeSafetensors } from '../../src/weights/index.js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Dataset, MemoryDataset } from '../../src/data/index.js';
import { CheckpointError, DataError, IoError, OptionError, UserError } from '../../src/errors.js';
import { chain, batchNorm, defineNetwork, flatten, linear } from '../../src/net/index.js';
import { trainResNet, type NodeTrainOptions } from '../../src/train/node.js';
import { temporaryFolder, tinyData, tinyNetwork, tinySet } from './tiny.js';

const network = tinyNetwork();
const data = tinyData();
const good: NodeTrainOptions = { network, data, epochs: 1, batchSize: 8, threads: 1 };
const { checkpoint } = createTrainingArtifacts(network);

/** Options as JavaScript may give them, unchecked. */
function wrong(options: Readonly<Record<string, unknown>>): Promise<unknown> {
  return trainResNet({ ...good, ...options });
}

function resized(set: Dataset): Dataset {
  return { ...set, shape: [1, 4, 16] };
}

const poisoned: MemoryDataset = { ...data.train, labels: data.train.labels.with(5, 3) };
const classes = ['a', 'b', 'c', 'd'];

type Case = readonly [
  what: string,
  options: Readonly<Record<string, unknown>>,
  kind: typeof UserError | typeof OptionError,
  message: RegExp,
];
const cases: readonly Case[] = [
  ...[0, -1, 1.5, NaN, Infinity].map((epochs): Case => [
    `epochs ${epochs}`,
    { epochs },
    OptionError,
    new RegExp(`^epochs: expected a whole number of at least 1, got ${epochs}$`),
  ]),
  ...[NaN, 0, -1, Infinity].map((learningRate): Case => [
    `learning rate ${learningRate}`,
    { learningRate },
    OptionError,
    new RegExp(`^learningRate: expected a finite number above 0, got ${learningRate}$`),
  ]),
  [
    'batch size 0',
    { batchSize: 0 },
    OptionError,
    /^batchSize: expected a whole number of at least 1, got 0$/,
  ],
  ['batch size 2.5', { batchSize: 2.5 }, OptionError, /^batchSize: .* got 2\.5$/],
  ['a batch beyond the data', { batchSize: 25 }, OptionError, /^batchSize: expected at most 24, .* got 25$/],
  ['seed -1', { seed: -1 }, OptionError, /^seed: expected a whole number of at least 0, got -1$/],
  ['max steps 0', { maxSteps: 0 }, OptionError, /^maxSteps: expected a whole number of at least 1, got 0$/],
  [
    'an unknown preset',
    { network: undefined, preset: 'vgg' },
    OptionError,
    /^preset: expected one of mnist-cnn, .* got "vgg"$/,
  ],
  [
    'preset and network',
    { preset: 'mnist-cnn' },
    OptionError,
    /^preset and network: expected one of them, got both$/,
  ],
  [
    'a scheduler by name',
    { scheduler: 'stepLR' },
    OptionError,
    /^scheduler: expected an object with name, got "stepLR"$/,
  ],
  [
    'images of another size',
    { data: { train: resized(data.train), test: resized(data.test) } },
    OptionError,
    /^data tiny\/train: the network tiny expects images 1x8x8, got 1x4x16$/,
  ],
  [
    'another size in the test set',
    { data: { ...data, test: resized(data.test) } },
    DataError,
    /^data set tiny\/test: expected images of 1x8x8, as in tiny\/train, got 1x4x16$/,
  ],
  [
    'more classes than outputs',
    { data: { train: { ...data.train, classes }, test: { ...data.test, classes } } },
    OptionError,
    /^data tiny\/train: the network tiny tells 3 classes apart, the data have 4$/,
  ],
  [
    'a label out of range',
    { data: { ...data, train: poisoned } },
    DataError,
    /expected labels below 3 .* got 3 at index 5$/,
  ],
  [
    'data without a test set',
    { data: { train: data.train } },
    OptionError,
    /^data: expected .* got one without test$/,
  ],
  [
    'an unknown optimizer',
    { optimizer: { kind: 'rmsprop' } },
    OptionError,
    /^optimizer.kind: .* got "rmsprop"$/,
  ],
  [
    'one beta',
    { optimizer: { kind: 'adam', betas: [0.9] } },
    OptionError,
    /^optimizer.betas\[1\]: expected a number in \[0, 1\), got nothing$/,
  ],
  [
    'an unknown reduction',
    { loss: { reduction: 'max' } },
    OptionError,
    /^loss.reduction: .* mean, sum, got "max"$/,
  ],
  [
    'NaN smoothing',
    { loss: { labelSmoothing: NaN } },
    OptionError,
    /^loss.labelSmoothing: .* from 0 to 1, got NaN$/,
  ],
  ['an unknown data set', { data: 'cats' }, UserError, /cats/],
  ['a folder without data', { data: '/nowhere/at/all' }, UserError, /\/nowhere\/at\/all/],
  [
    'a wrong normalisation',
    { normalization: { mean: [0, 0, 0] } },
    OptionError,
    /^mean: expected 1 numbers up to 1.*\[0, 0, 0\]$/,
  ],
  [
    'a standard deviation of 0',
    { normalization: { std: [0] } },
    OptionError,
    /^normalization.std: expected numbers above 0, up to 1, got \[0\]$/,
  ],
  [
    'a mean of pixels 0..255',
    { normalization: { mean: [33.3], std: [78.6] } },
    OptionError,
    /^normalization.mean: expected numbers up to 1 .* mean 0.1306 and std 0.3082\), got \[33.3\]$/,
  ],
  [
    'an unknown device',
    { devices: ['tpu'] },
    OptionError,
    /^devices\[0\]: expected one of cpu, cuda, webgpu, wasm, got "tpu"$/,
  ],
  ['no threads', { threads: 0 }, OptionError, /^threads: expected a whole number of at least 1, got 0$/],
  [
    'weights that are not there',
    { init: '/nowhere.safetensors' },
    IoError,
    /cannot read \/nowhere.safetensors: it does not exist/,
  ],
  [
    'weights of another network',
    { init: { name: 'w', bytes: createTrainingArtifacts(tinyNetwork({ norm: true })).checkpoint } },
    CheckpointError,
    /^w does not fit the network tiny: .*'conv1.bias' \[4\] is missing; .* 'bn1.weight' is unexpected/,
  ],
  [
    'weights that are cut off',
    { init: { name: 'w', bytes: checkpoint.subarray(0, checkpoint.length - 5) } },
    CheckpointError,
    /^w: .*expected/,
  ],
  [
    'a checkpoint that is no file of weights',
    { resume: { name: 'r', bytes: new Uint8Array(20) } },
    CheckpointError,
    /^r: /,
  ],
  [
    'a checkpoint of a complete run',
    { epochs: 1, resume: { name: 'r', bytes: checkpoint } },
    CheckpointError,
    /^r: /,
  ],
];

describe('trainResNet refuses', () => {
  test.each(cases)('%s', async (_, options, kind, message) => {
    const training = wrong(options);
    await expect(training).rejects.toThrow(kind);
    await expect(training).rejects.toThrow(message);
    await expect(training).rejects.toBeInstanceOf(UserError);
  });

  test('a folder that it cannot write to, before it trains', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const steps: number[] = [];
    const onBatchEnd = ({ step }: { readonly step: number }): void => void steps.push(step);
    await expect(trainResNet({ ...good, out: file, onBatchEnd })).rejects.toThrow(IoError);
    await expect(trainResNet({ ...good, out: join(file, 'run'), onBatchEnd })).rejects.toThrow(
      /cannot write to .*run/,
    );
    expect(steps).toEqual([]);
  });

  test('a last batch of one image, where batch norm has one value a channel', async () => {
    const single = defineNetwork({
      name: 'single',
      input: [1, 8, 8],
      classes: 3,
      net: chain(flatten(), linear(4), batchNorm(), linear(3)),
    });
    const odd = { ...good, network: single, data: tinyData(25) };
    await expect(trainResNet(odd)).rejects.toThrow(OptionError);
    await expect(trainResNet(odd)).rejects.toThrow(
      /^batchSize: 8 of 25 images at a time leaves one image in the last batch.*bn1.*choose another size$/,
    );
    await expect(trainResNet({ ...odd, batchSize: 9 })).resolves.toBeDefined();
  });
});

describe('trainResNet', () => {
  test('writes model, checkpoint and history, and says what it did', async () => {
    const out = join(temporaryFolder(), 'runs', 'a');
    const starts: unknown[] = [];
    const result = await trainResNet({ ...good, out, onStart: (info) => void starts.push(info) });
    expect(result.files).toEqual({
      history: join(out, 'history.json'),
      checkpoint: join(out, 'checkpoint.safetensors'),
      model: join(out, 'model.onnx'),
    });
    expect(starts).toMatchObject([
      {
        network: 'tiny',
        parameters: network.state.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
        device: { chosen: 'cpu', threads: 1, rejected: [] },
        data: { train: 'tiny/train', test: 'tiny/test', trainCount: 24, testCount: 20 },
        ...{ epochs: 1, batchSize: 8, learningRate: 1e-3, seed: 0 },
      },
    ]);
    expect(result.testAccuracy).toBe(result.history.epochs[0]?.testAccuracy);
    expect(result.device.chosen).toBe('cpu');
  });

  test('is the same run for the same arguments', async () => {
    const [a, b] = await Promise.all([trainResNet(good), trainResNet(good)]);
    const weights = ({ checkpoint: bytes }: typeof a) => decodeSafetensors(bytes, 'c').tensors;
    expect(weights(a)).toEqual(weights(b));
    expect(a.history.stepLosses).toEqual(b.history.stepLosses);
  });

  test('starts from given weights', async () => {
    const { history } = await trainResNet({ ...good, seed: 9, init: { name: 'w', bytes: checkpoint } });
    expect(history.stepLosses).toEqual((await trainResNet({ ...good, seed: 0 })).history.stepLosses);
  });

  test('takes the recipe of a preset, and what the caller says over it', async () => {
    const starts: { readonly epochs: number; readonly batchSize: number }[] = [];
    const digits = (name: string, count: number): MemoryDataset => ({
      ...tinySet(name, count),
      images: new Uint8Array(count * 784),
      shape: [1, 28, 28],
      classes: Array.from({ length: 10 }, (_, i) => String(i)),
    });
    await trainResNet({
      preset: 'mnist-cnn-small',
      autotune: false,
      data: { train: digits('a', 66), test: digits('b', 2) },
      maxSteps: 1,
      scheduler: stepLR({ stepSize: 1 }),
      onStart: (info) => void starts.push(info),
    });
    expect(starts).toMatchObject([{ epochs: 17, batchSize: 64, learningRate: 1e-3 }]);
  });

  test('calls outputs without a label by their index', async () => {
    const two = ['one', 'two'];
    const fewer = (set: MemoryDataset): MemoryDataset => ({
      ...set,
      labels: set.labels.map((label) => label % 2),
      classes: two,
    });
    const { model } = await trainResNet({
      ...good,
      data: { train: fewer(data.train), test: fewer(data.test) },
    });
    expect(new TextDecoder().decode(model)).toContain('["one","two","2"]');
  });
});

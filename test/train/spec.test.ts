import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors.js';
import { checkRun, runFields, runSchema, type RunSpec } from '../../src/train/spec/run.js';
import { parseRun } from '../../src/train/spec/read.js';
import { orderOf } from '../../src/train/resume.js';
import { networkOf } from '../../src/train/spec/network.js';

/** A run that says everything of which there is one way to say it. */
const whole: RunSpec = {
  $schema: './run.schema.json',
  format: 'ort-train-run/2',
  network: { family: 'cifar-resnet', depth: 20, widths: [8, 16, 32], norm: 'batch', shortcut: 'padded' },
  ...{ classes: 10, channels: 1, imageSize: [28, 28] },
  freeze: { patterns: ['*'], except: ['layer3', 'fc'] },
  data: 'digits',
  dataOptions: { digits: { train: 64, test: 16, seed: 1 } },
  ...{ epochs: 2, batchSize: 16, learningRate: 0.1, shuffle: true, seed: 3, maxSteps: 5, readEvery: 1 },
  ...{ clipNorm: 1, accumulate: 2, freshHead: false, foldBatchNorm: false, out: 'runs/a' },
  ...{ devices: ['cpu'], threads: 1, target: 'portable', autotune: false, prefetch: 'auto' },
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
  scheduler: { name: 'stepLR', options: { stepSize: 1 } },
  loss: { labelSmoothing: 0.1, reduction: 'mean' },
  augment: { pad: 2, crop: true, flip: true },
  ...{ mixup: 0.2, cutmix: 1 },
  normalization: { mean: [0.1], std: [0.3] },
};

const parse = (value: unknown): RunSpec => parseRun(JSON.stringify(value), 'run.json');

describe('a run in a file', () => {
  test('is what it says, and nothing is filled in', () => {
    expect(parse(whole)).toEqual(whole);
    expect(parse({})).toEqual({});
    expect(networkOf(parse(whole)).name).toBe('resnet20-cifar');
  });

  test.each<readonly [unknown, string]>([
    [[], 'run.json: expected an object with $schema, format, preset'],
    [3, 'run.json: expected an object with $schema, format, preset'],
    [null, 'run.json: expected an object with'],
    [{ epochs: 0 }, 'run.json: epochs: expected a whole number of at least 1, got 0'],
    [{ epochs: '3' }, 'run.json: epochs: expected a whole number of at least 1, got "3"'],
    [{ epochs: null }, 'run.json: epochs: expected a whole number of at least 1, got null'],
    [{ learningrate: 1 }, 'run.json: unknown option learningrate; did you mean learningRate?'],
    [{ xyzzy: 1 }, 'run.json: unknown option xyzzy; expected some of $schema, format, preset'],
    [
      { optimizer: { kind: 'adam', betas: [0.9, 1.5] } },
      'run.json: optimizer.betas[1]: expected a number in [0, 1), got 1.5',
    ],
    [
      { optimizer: { kind: 'adam', betas: [0.9] } },
      'run.json: optimizer.betas[1]: expected a number in [0, 1), got nothing',
    ],
    [
      { optimizer: { kind: 'adam', momentum: 0.9 } },
      'run.json: optimizer: unknown option momentum; expected some of kind, betas',
    ],
    [
      { optimizer: { kind: 'adagrad' } },
      'run.json: optimizer.kind: expected one of adam, adamw, sgd, got "adagrad"',
    ],
    [{ optimizer: {} }, 'run.json: optimizer.kind: expected one of adam, adamw, sgd, got nothing'],
    [{ optimizer: { kind: 'sgd', nesterov: true } }, 'run.json: optimizer: momentum: expected more than 0'],
    [
      { scheduler: { name: 'stepLR', options: {} } },
      'run.json: scheduler.options.stepSize: expected a whole number of at least 1, got nothing',
    ],
    [{ scheduler: 'stepLR' }, 'run.json: scheduler: expected an object with name, got "stepLR"'],
    [
      { scheduler: { name: 'sequentialLR', options: { schedulers: [], milestones: [] } } },
      'run.json: sequentialLR: schedulers: expected some',
    ],
    [
      { network: { family: 'vgg' } },
      'run.json: network.family: expected one of mnist-cnn, cifar-resnet, resnet, got "vgg"',
    ],
    [
      { network: { family: 'resnet', depth: 19 } },
      'run.json: network.depth: expected one of 18, 34, 50, 101, 152, got 19',
    ],
    [{ devices: ['tpu'] }, 'run.json: devices[0]: expected one of cpu, cuda, webgpu, wasm, got "tpu"'],
    [{ prefetch: 'on' }, 'run.json: prefetch: expected true, false or \'auto\', got "on"'],
    [{ augment: { pad: 1.5 } }, 'run.json: augment.pad: expected a whole number of at least 0, got 1.5'],
    [{ mixup: 0 }, 'run.json: mixup: expected a finite number above 0, got 0'],
    [{ cutmix: true }, 'run.json: cutmix: expected a finite number above 0, got true'],
    [
      { format: 'ort-train-run/1' },
      'run.json: expected a run of format ort-train-run/2, got "ort-train-run/1", which version 0.1.0 wrote',
    ],
    [{ constructor: 1 }, 'run.json: unknown option constructor'],
  ])('%j is refused', (value, message) => {
    expect(() => parse(value)).toThrow(OptionError);
    expect(() => parse(value)).toThrow(message);
  });

  test.each([
    ['{ "epochs": NaN }', 'run.json: expected JSON'],
    ['{ "learningRate": 1e999 }', 'run.json: learningRate: expected a finite number above 0, got Infinity'],
    ['{ "__proto__": 1 }', 'run.json: unknown option __proto__'],
    ['', 'run.json: expected JSON'],
  ])('%s is refused', (text, message) => {
    expect(() => parseRun(text, 'run.json')).toThrow(message);
  });

  test('with any field replaced by something else is the same run, or refused by name', () => {
    const names = runFields.map(({ name }) => name);
    const damaged = fc.record({ name: fc.constantFrom(...names), value: fc.jsonValue({ maxDepth: 2 }) });
    fc.assert(
      fc.property(damaged, ({ name, value }) => {
        try {
          expect(parse({ ...whole, [name]: value })).toEqual(
            JSON.parse(JSON.stringify({ ...whole, [name]: value })),
          );
        } catch (error) {
          expect(error).toBeInstanceOf(OptionError);
          expect((error as Error).message).toMatch(/^run\.json: /);
        }
      }),
      { seed: 16, numRuns: 500 },
    );
  });

  test('with an unknown field anywhere is refused', () => {
    const paths = ['network', 'freeze', 'dataOptions', 'optimizer', 'loss', 'normalization'] as const;
    for (const path of paths) {
      const value = { ...whole, [path]: { ...(whole[path] as object), xyzzy: 1 } };
      expect(() => parse(value), path).toThrow(`run.json: ${path}: unknown option xyzzy`);
    }
  });
});

test('what the order of the images depends on is marked in the schema, the augmentation and the mixing among it', () => {
  expect(Object.keys(orderOf(whole)).sort()).toEqual([
    'accumulate',
    'augment',
    'batchSize',
    'cutmix',
    'mixup',
    'seed',
    'shuffle',
  ]);
});

test('every field says what it is for, or has fields that do', () => {
  for (const [name, { wrapped }] of Object.entries(runSchema.entries)) {
    const text = JSON.stringify(wrapped, (_, value: unknown) => (value instanceof Map ? undefined : value));
    expect(text, name).toContain('"description"');
  }
});

test('undefined is no value', () => {
  expect(() => checkRun({ epochs: undefined })).toThrow(
    'epochs: expected a whole number of at least 1, got nothing',
  );
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeSafetensors, readModelCard } from '../../src/index.js';
import { readModel } from '../../src/onnx/index.js';
import { cli, digitFiles, folderOf, tempFolder } from './helpers.js';

const data = folderOf(digitFiles());
const common = [
  '--preset',
  'resnet20-cifar',
  '--data',
  data,
  '--batch-size',
  '16',
  '--threads',
  '1',
  '--json',
];
const first = join(tempFolder(), 'first');

const opsOf = (path: string): readonly string[] =>
  readModel(readFileSync(path), path).nodes.map(({ op }) => op);
const weightsOf = (folder: string): Readonly<Record<string, unknown>> => {
  const { tensors } = decodeSafetensors(readFileSync(join(folder, 'checkpoint.safetensors')), 'c');
  return Object.fromEntries([...tensors].map(([name, { data: values }]) => [name, values]));
};

beforeAll(async () => {
  const { status } = await cli('train', ...common, '--max-steps', '1', '--out', first, '--mean', '0.3');
  expect(status).toBe(0);
});

describe('fine-tuning on the command line', () => {
  const init = ['--init', join(first, 'checkpoint.safetensors')];

  test('takes the weights, a new head, trains the last stage alone, and resumes so', async () => {
    const out = tempFolder();
    const options = ['--fresh-head', '--classes', '12', '--freeze-except', 'layer3,fc', '--out', out];
    const { status, events } = await cli('train', ...common, ...init, ...options, '--max-steps', '1');
    expect(status).toBe(0);
    expect(events[0]).toMatchObject({
      frozenParameters: 65_264,
      freeze: { patterns: ['*'], except: ['layer3', 'fc'] },
    });
    const [before, after] = [weightsOf(first), weightsOf(out)];
    expect(after['layer2.0.conv1.weight']).toEqual(before['layer2.0.conv1.weight']);
    expect(after['bn1.running_mean']).toEqual(before['bn1.running_mean']);
    expect(after['layer3.0.conv1.weight']).not.toEqual(before['layer3.0.conv1.weight']);
    expect(after['fc.bias']).toHaveLength(12);
    const resumed = await cli('train', '--resume', out, '--threads', '1', '--max-steps', '2', '--json');
    expect(resumed.status).toBe(0);
    expect(resumed.events[0]).toMatchObject({ frozenParameters: 65_264 });
    expect(weightsOf(out)['bn1.weight']).toEqual(before['bn1.weight']);
  });

  test('says what is frozen', async () => {
    const options = common.filter((word) => word !== '--json');
    const out = ['--out', tempFolder(), '--max-steps', '1'];
    const { stdout } = await cli('train', ...options, ...out, ...init, '--freeze', 'conv1,layer1');
    expect(stdout).toMatch(/^network +resnet20-cifar, 255,274 parameters, 14,160 more are frozen$/m);
  });

  test.each([
    [['--fresh-head'], 'option', '--fresh-head: it needs --init, got none'],
    [[...init, '--classes', '12'], 'checkpoint', "'fc.weight': expected [12,64], got [10,64]"],
    [['--freeze', 'layr1'], 'option', "'layr1': expected a pattern that fits a tensor, such as conv1.weight"],
    [['--freeze', '*'], 'option', 'expected some parameter to train, all are frozen'],
    [[...init, '--fresh-head', '--freeze', 'fc'], 'option', 'but fc.weight and fc.bias is frozen'],
  ])('refuses %j', async (options, code, message) => {
    const { status, events } = await cli('train', ...common, ...options, '--out', tempFolder());
    expect(status).toBe(2);
    expect(events).toMatchObject([{ event: 'error', code }]);
    expect(events[0]?.['message']).toContain(message);
  });
});

describe('--fold-batch-norm', () => {
  test('is on in train and export; --no-fold-batch-norm keeps the layers', async () => {
    const [kept, out] = [tempFolder(), join(tempFolder(), 'out.onnx')];
    await cli('train', ...common, '--max-steps', '1', '--out', kept, '--no-fold-batch-norm');
    expect(opsOf(join(kept, 'model.onnx'))).toContain('BatchNormalization');
    expect(opsOf(join(first, 'model.onnx'))).not.toContain('BatchNormalization');
    await cli('export', kept, '--out', out);
    expect(opsOf(out)).not.toContain('BatchNormalization');
    await cli('export', kept, '--out', out, '--no-fold-batch-norm');
    expect(opsOf(out)).toContain('BatchNormalization');
  });

  test('export unfolds what train folded, from the checkpoint, and keeps what the model says of itself', async () => {
    const out = join(tempFolder(), 'out.onnx');
    const { status, stderr } = await cli('export', first, '--out', out, '--no-fold-batch-norm');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(opsOf(out)).toContain('BatchNormalization');
    const [mine, theirs] = [out, join(first, 'model.onnx')].map((path) =>
      readModelCard(readFileSync(path), path),
    );
    expect(mine).toEqual(theirs);
    expect(mine?.normalization).toEqual({ mean: [0.3], std: [1] });
    const alone = await cli(
      ...['export', join(first, 'model.onnx'), '--out', out, '--no-fold-batch-norm', '--json'],
    );
    expect(alone.status).toBe(2);
    expect(alone.events).toMatchObject([{ event: 'error', code: 'model' }]);
    expect(alone.events[0]?.['message']).toContain('cannot be undone');
  });
});

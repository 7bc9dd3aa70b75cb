import { describe, expect, test } from 'vitest';
import { version } from '../../src/index.js';
import { cli, cliWith } from './helpers.js';

const commands = ['train', 'evaluate', 'predict', 'export', 'artifacts', 'graph', 'compare', 'doctor'];

describe('help', () => {
  test('lists the commands', async () => {
    const { status, stdout, stderr } = await cli('--help');
    expect(status).toBe(0);
    for (const name of commands) expect(stdout).toContain(`ort-train ${name}`);
    expect(stdout).toContain('Exit status');
    expect(stderr).toBe('');
  });

  test.each(commands)('of %s has examples and fits 80 columns', async (name) => {
    const { status, stdout } = await cli(name, '--help');
    expect(status).toBe(0);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain(`ort-train ${name} `);
    expect(stdout).toContain('--json');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('shows defaults', async () => {
    expect((await cli('train', '--help')).stdout).toMatch(/--device .*\[default: cpu\]/s);
    expect((await cli('graph', '--help')).stdout).toMatch(/--kind .*\[default: training\]/s);
  });

  test('the version', async () => {
    expect(await cli('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
  });
});

describe('a command line that cannot be understood', () => {
  test.each([
    [[], 'expected a command'],
    [['trian'], 'did you mean train?'],
    [['frobnicate'], 'unknown command frobnicate; expected one of train, data, evaluate'],
    [['train', '--epoch', '3'], 'unknown option --epoch; did you mean --epochs?'],
    [['train', '--frobnicate'], 'unknown option --frobnicate'],
    [['train', 'digits'], 'unexpected argument digits'],
    [['train', '--epochs'], '--epochs: expected a value'],
    [['train', '--epochs', '0'], '--epochs: expected a whole number of at least 1, got 0'],
    [['train', '--epochs', '-1'], '--epochs: expected a whole number of at least 1, got -1'],
    [['train', '--epochs', '1.5'], '--epochs: expected a whole number of at least 1, got 1.5'],
    [['train', '--epochs', 'abc'], '--epochs: expected a whole number of at least 1, got "abc"'],
    [['train', '--epochs', '1', '--epochs', '2'], '--epochs: expected one value, got 2'],
    [['train', '--lr', 'NaN'], '--lr: expected a finite number above 0, got "NaN"'],
    [['train', '--lr', '0'], '--lr: expected a finite number above 0, got 0'],
    [['train', '--lr', 'Infinity'], '--lr: expected a finite number above 0, got "Infinity"'],
    [['train', '--batch-size', '0'], '--batch-size: expected a whole number of at least 1, got 0'],
    [['train', '--device', 'tpu'], '--device[0]: expected one of cpu, cuda, webgpu, wasm, got "tpu"'],
    [['train', '--preset', 'resnet19'], '--preset: expected one of mnist-cnn, '],
    [['train', '--momentum', '0.9'], '--momentum: it belongs to sgd, got the optimizer adam'],
    [['train', '--scheduler', 'cosine', '--step-size', '2'], '--step-size: the scheduler cosine does not'],
    [['train', '--label-smoothing', '2'], '--label-smoothing: expected a number from 0 to 1, got 2'],
    [['train', '--init', 'a', '--resume', 'b'], '--init and --resume: expected one of them, got both'],
    [
      ['train', '--image-size', 'big'],
      '--image-size: expected pixels a side, or height and width as [48, 64], got "big"',
    ],
    [['evaluate'], 'expected ort-train evaluate <model>'],
    [['evaluate', 'm.onnx'], '--data: expected a value'],
    [['evaluate', 'm.onnx', '--data', 'digits'], 'cannot read m.onnx: it does not exist'],
    [['predict', 'm.onnx'], 'expected image files or --data with --index, got neither'],
    [
      ['predict', 'm.onnx', 'a.png', '--data', 'digits'],
      'expected image files or --data with --index, got both',
    ],
    [['predict', 'm.onnx', 'a.png', '--index', '1'], '--index: it needs --data'],
    [['export', 'runs/none'], '--out: expected a value'],
    [['export', 'runs/none', '--out', 'a.onnx'], 'cannot read runs/none: it does not exist'],
    [['artifacts'], '--out: expected a value'],
    [['graph', '--kind', 'backward'], '--kind: expected one of training, '],
    [['graph', '--kind', 'inference', '--batch', '2'], '--batch: '],
  ])('%j', async (argv, message) => {
    const plain = await cli(...argv);
    expect(plain).toMatchObject({ status: 2, stdout: '' });
    expect(plain.stderr).toContain(message);
    expect(plain.stderr).not.toMatch(/^\s+at /m);

    const { status, events, stderr } = await cli(...argv, '--json');
    expect(status).toBe(2);
    expect(stderr).toBe('');
    expect(events).toHaveLength(1);
    const [error] = events;
    expect(error).toMatchObject({ event: 'error' });
    expect(['option', 'io']).toContain(error?.['code']);
    expect(error?.['message']).toContain(message);
  });

  test('says where to look, and shows traces only when asked', async () => {
    expect((await cli('train', '--epoch', '3')).stderr).toContain('see ort-train train --help');
    expect((await cli('train', '--epochs', '0', '--debug')).stderr).toMatch(/^\s+at /m);
    const env = { ORT_TRAIN_DEBUG: '1' };
    expect((await cliWith({ env }, 'train', '--epochs', '0')).stderr).toMatch(/^\s+at /m);
  });
});

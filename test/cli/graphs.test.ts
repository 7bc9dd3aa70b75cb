import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { graphKinds, version } from '../../src/index.js';
import { cli, tempFolder } from './helpers.js';

const preset = ['--preset', 'mnist-cnn-small'] as const;

describe('graph', () => {
  test.each(graphKinds)('prints the %s graph', async (kind) => {
    const { status, stdout } = await cli('graph', ...preset, '--kind', kind);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^graph mnist-cnn-small-/);
    expect(stdout).toMatch(/\n {2}return .*\n}\n$/);
  });

  test('writes text and .onnx, the batch fixed', async () => {
    const folder = tempFolder();
    const [text, onnx] = [join(folder, 'g.txt'), join(folder, 'g.onnx')];
    expect((await cli('graph', ...preset, '--batch', '4', '--out', text)).status).toBe(0);
    expect(readFileSync(text, 'utf8')).toContain('input: float32[4,1,28,28]');
    const { status, events } = await cli('graph', ...preset, '--kind', 'eval', '--out', onnx, '--json');
    expect(status).toBe(0);
    expect(events).toMatchObject([{ event: 'done', file: onnx, bytes: readFileSync(onnx).length }]);
  });

  test('--summary lists the layers', async () => {
    const { stdout } = await cli('graph', '--preset', 'mnist-cnn', '--summary');
    expect(stdout).toMatch(/^conv1 +Conv +N x 32 x 24 x 24 +832$/m);
    expect(stdout).toMatch(/^full_c +Gemm +N x 10 +1,290$/m);
    expect(stdout).toMatch(/^total +323,268$/m);
    const { events } = await cli('graph', '--preset', 'resnet20-cifar', '--summary', '--json');
    const layers = events[0]?.['layers'] as { parameters: number }[];
    // Kaiming He's table: 0.27 million.
    expect(layers.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(269_722);
  });
});

test('artifacts writes the folder and lists it', async () => {
  const out = join(tempFolder(), 'art');
  const { status, stdout } = await cli(
    'artifacts',
    ...preset,
    '--out',
    out,
    '--optimizer',
    'sgd',
    '--momentum',
    '0.9',
  );
  expect(status).toBe(0);
  for (const name of readdirSync(out)) expect(stdout).toContain(name);
  const again = await cli(
    'artifacts',
    ...preset,
    '--out',
    out,
    '--init',
    join(out, 'checkpoint.safetensors'),
    '--json',
  );
  expect(again.events).toMatchObject([{ event: 'done', folder: out, optimizer: { kind: 'adam' } }]);
  expect(again.events[0]?.['files']).toHaveLength(6);
});

describe('doctor', () => {
  test('--json has versions, devices, threads, block size and folders', async () => {
    const { status, events } = await cli('doctor', '--json', '--device', 'cpu,wasm');
    expect(status).toBe(0);
    expect(events).toHaveLength(1);
    const [found] = events;
    expect(found).toMatchObject({ event: 'done', version, node: process.versions.node });
    expect(found?.['runtime']).toMatch(/^1\.\d+/);
    expect(found?.['threads']).toBeGreaterThan(0);
    expect([null, 4, 8, 16]).toContain(found?.['blockSize']);
    expect(found?.['devices']).toMatchObject([
      { device: 'cpu', usable: true, reason: '' },
      { device: 'wasm', usable: false },
    ]);
    expect(found?.['data']).toMatchObject({
      sets: [{ name: 'mnist' }, { name: 'fashion-mnist' }, { name: 'cifar10' }, { name: 'cifar100' }],
    });
  });

  test('as text names what is missing', async () => {
    const { stdout } = await cli('doctor', '--device', 'cpu,cuda', '--cache-dir', '/nowhere');
    expect(stdout).toMatch(/^ {2}cpu +usable: \d+ threads, (blocks of \d+ channels|no blocked)/m);
    expect(stdout).toMatch(/^ {2}cuda +(usable|not usable)/m);
    expect(stdout).toContain('--data mnist downloads it to /nowhere/mnist');
  });
});

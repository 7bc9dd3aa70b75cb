import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeSafetensors } from '../../src/index.js';
import { encodeSafetensors } from '../../src/weights/index.js';
import { cli, digitFiles, folderOf, tempFolder } from './helpers.js';

const data = folderOf(digitFiles());
const small = [
  '--preset',
  'mnist-cnn-small',
  '--batch-size',
  '16',
  '--threads',
  '1',
  '--no-autotune',
  '--json',
];
const checkpointOf = (folder: string): Buffer => readFileSync(join(folder, 'checkpoint.safetensors'));
const runOf = (folder: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as Record<string, unknown>;

describe('train --config', () => {
  test('repeats a run to the byte from the run.json that it wrote', async () => {
    const [a, b] = [tempFolder(), tempFolder()];
    const images = ['--random-crop', '2', '--random-flip', '--normalize', '--shuffle', '--seed', '5'];
    const recipe = [
      '--optimizer',
      'sgd',
      '--momentum',
      '0.9',
      '--scheduler',
      'warmup,cosine',
      '--total-iters',
      '1',
    ];
    const first = await cli(
      ...['train', ...small, '--data', data, ...images, ...recipe],
      ...['--label-smoothing', '0.1', '--epochs', '2', '--max-steps', '4', '--out', a],
    );
    expect(first.status).toBe(0);
    const again = await cli('train', '--config', join(a, 'run.json'), '--out', b, '--no-autotune', '--json');
    expect(again.status).toBe(0);
    expect(checkpointOf(b).equals(checkpointOf(a))).toBe(true);
    expect(runOf(b)).toEqual(runOf(a));
    expect(runOf(a)).toMatchObject({
      format: 'ort-train-run/2',
      data,
      maxSteps: 4,
      loss: { labelSmoothing: 0.1 },
    });
    expect(runOf(a)).not.toHaveProperty('out');
  });

  test('takes paths relative to the file; flags change what it says', async () => {
    const folder = folderOf(digitFiles(), 'images');
    const config = join(folder, '..', 'mine.json');
    const said = {
      preset: 'mnist-cnn-small',
      data: 'images',
      out: 'out',
      batchSize: 16,
      threads: 1,
      epochs: 3,
      autotune: false,
    };
    writeFileSync(config, JSON.stringify({ ...said, optimizer: { kind: 'adam', eps: 1e-7 } }));
    const options = ['--max-steps', '1', '--weight-decay', '0.1', '--clip-norm', '2', '--seed', '7'];
    const { status, events } = await cli('train', '--config', config, ...options, '--json');
    expect(status).toBe(0);
    expect(events[0]).toMatchObject({
      ...{ epochs: 3, seed: 7, out: join(folder, '..', 'out'), clipNorm: 2 },
      optimizer: { kind: 'adam', eps: 1e-7, weightDecay: 0.1 },
    });
    const other = await cli('train', '--config', config, '--optimizer', 'sgd', '--max-steps', '1', '--json');
    expect(other.events[0]).toMatchObject({ optimizer: { kind: 'sgd' } });
  });

  test('refuses what is none, with the file and the field', async () => {
    const config = join(tempFolder(), 'run.json');
    const messageOf = async (text: string, ...options: string[]): Promise<unknown> => {
      writeFileSync(config, text);
      const { status, events } = await cli('train', '--config', config, ...options, '--json');
      expect(status).toBe(2);
      return events[0]?.['message'];
    };
    expect(await messageOf('{"epoch": 3}')).toBe(`${config}: unknown option epoch; did you mean epochs?`);
    expect(await messageOf('{"format": "ort-train-run/1"}')).toContain('which version 0.1.0 wrote');
    expect(await messageOf('{', '--epochs', '1')).toContain(`${config}: expected JSON`);
    expect(await messageOf('{}', '--resume', 'x')).toBe(
      '--config and --resume: expected one of them, got both',
    );
    expect((await cli('train', '--config', 'nowhere.json', '--json')).events[0]).toMatchObject({
      code: 'io',
    });
  });
});

describe('every scheduler option', () => {
  test.each([
    [
      'onecycle',
      [
        '--max-lr',
        '0.1',
        '--anneal-strategy',
        'linear',
        '--div-factor',
        '10',
        '--final-div-factor',
        '100',
        '--three-phase',
      ],
    ],
    ['plateau', ['--plateau-eps', '0.001', '--patience', '2']],
    ['none', ['--factor', '0.5', '--total-iters', '2']],
  ])('of %s has a flag', async (name, options) => {
    const out = tempFolder();
    await cli(
      'train',
      ...small,
      '--data',
      data,
      '--max-steps',
      '1',
      '--out',
      out,
      '--scheduler',
      name,
      ...options,
    );
    const { options: kept } = runOf(out)['scheduler'] as { readonly options: Record<string, unknown> };
    const given = options
      .filter((word) => !word.startsWith('--'))
      .map((word) => (Number.isNaN(Number(word)) ? word : Number(word)));
    expect(Object.values(kept)).toEqual(expect.arrayContaining(given));
  });
});

describe('a run of version 0.1.0', () => {
  const old = join(tempFolder(), 'old');

  /** What 0.1.0 wrote: the same checkpoint with the order in its own form, another run.json. */
  async function writeOld(): Promise<void> {
    mkdirSync(old, { recursive: true });
    await cli('train', ...small, '--data', data, '--max-steps', '1', '--out', old);
    const { tensors, metadata } = decodeSafetensors(checkpointOf(old), 'c');
    const { extra = '{}', ...rest } = Object.fromEntries(metadata);
    const order = { batchSize: 16, shuffle: false, seed: 0, augment: '' };
    const told = JSON.stringify({ ...(JSON.parse(extra) as object), order });
    writeFileSync(join(old, 'checkpoint.safetensors'), encodeSafetensors(tensors, { ...rest, extra: told }));
    const run = {
      format: 'ort-train-run/1',
      preset: 'mnist-cnn-small',
      data,
      labels: Array.from('abcdefghij'),
    };
    writeFileSync(
      join(old, 'run.json'),
      JSON.stringify({ ...run, network: { classes: 10, channels: 1, imageSize: [28, 28] } }),
    );
  }

  test('gives its weights, is exported, but not gone on with by its run.json', async () => {
    await writeOld();
    const checkpoint = join(old, 'checkpoint.safetensors');
    const started = await cli(
      'train',
      ...small,
      '--data',
      data,
      '--max-steps',
      '1',
      '--init',
      checkpoint,
      '--out',
      tempFolder(),
    );
    expect(started.status).toBe(0);
    expect((await cli('export', old, '--out', join(old, 'x.onnx'))).status).toBe(0);
    expect((await cli('evaluate', join(old, 'x.onnx'), '--data', data)).status).toBe(0);
    const resumed = await cli('train', '--resume', old, '--json');
    expect(resumed.events[0]).toMatchObject({ code: 'checkpoint' });
    expect(resumed.events[0]?.['message']).toContain('"ort-train-run/1", which version 0.1.0 wrote');
  });
});

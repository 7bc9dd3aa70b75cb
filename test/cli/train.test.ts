import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createTrainingArtifacts, presetNetwork } from '../../src/index.js';
import { Interruption } from '../../src/cli/io.js';
import { evenClock } from '../helpers/clock.js';
import { cli, cliWith, digitFiles, filesOf, folderOf, squares, tempFolder } from './helpers.js';

let data = '';
let start = process.cwd();
// Two runs are the same if they have the same forms of convolutions: nothing is measured between them.
const small = [
  ...['--preset', 'mnist-cnn-small', '--batch-size', '16', '--threads', '1', '--no-autotune'],
] as const;

beforeAll(() => {
  data = folderOf(digitFiles());
  start = process.cwd();
  return () => {
    process.chdir(start);
  };
});

interface Tuned {
  readonly target: string;
  readonly tuned?: { readonly measured: number; readonly fromCache: number };
}

describe('train --json', () => {
  test('prints start, step, epoch, done and writes the run', async () => {
    const out = join(tempFolder(), 'a');
    const options = ['--data', data, '--epochs', '1', '--log-every', '1', '--shuffle', '--seed', '0'];
    const { status, events, stderr } = await cli(
      'train',
      ...small,
      ...options,
      '--device',
      'cpu',
      '--out',
      out,
      '--json',
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(events.map(({ event }) => event)).toEqual(['start', 'step', 'step', 'step', 'epoch', 'done']);
    const [first, step, , , epoch, done] = events;
    expect(first).toMatchObject({
      preset: 'mnist-cnn-small',
      device: 'cpu',
      epochs: 1,
      batchSize: 16,
      shuffle: true,
    });
    expect(step).toMatchObject({ epoch: 1, step: 1, lr: 0.001 });
    expect(step?.['loss']).toBeTypeOf('number');
    expect(epoch).toMatchObject({ epoch: 1, step: 3 });
    for (const name of ['trainLoss', 'testLoss', 'testAccuracy']) expect(epoch?.[name]).toBeTypeOf('number');
    expect(done).toMatchObject({ model: join(out, 'model.onnx'), steps: 3, epochs: 1 });
    for (const name of ['model.onnx', 'checkpoint.safetensors', 'history.json', 'run.json']) {
      expect(existsSync(join(out, name)), name).toBe(true);
    }
  });

  test('shows every hundredth step unless told otherwise, and stops at --max-steps', async () => {
    const { events } = await cli(
      'train',
      ...small,
      '--data',
      data,
      '--max-steps',
      '2',
      '--out',
      tempFolder(),
      '--json',
    );
    expect(events.map(({ event }) => event)).toEqual(['start', 'epoch', 'done']);
    expect(events.at(-1)).toMatchObject({ steps: 2 });
  });

  test('measures the forms of convolutions once, and says what it took', async () => {
    // However slow the machine is, the time for measuring is enough.
    evenClock();
    const run = async (...options: string[]): Promise<Tuned> => {
      const out = tempFolder();
      const command = ['train', '--preset', 'mnist-cnn-small', '--batch-size', '16', '--threads', '1'];
      const { events } = await cli(
        ...[...command, ...options, '--data', data, '--max-steps', '1', '--out', out, '--json'],
      );
      const { lowering } = events[0] as unknown as { readonly lowering: Tuned };
      const history = JSON.parse(readFileSync(join(out, 'history.json'), 'utf8')) as { lowering: Tuned };
      expect(history.lowering.tuned).toEqual(lowering.tuned);
      return lowering;
    };
    const first = await run();
    if (first.target === 'portable') return;
    const second = await run();
    const { measured = 0, fromCache = 0 } = first.tuned ?? {};
    expect(measured + fromCache).toBeGreaterThan(0);
    expect(second.tuned?.fromCache).toBe(measured + fromCache);
    expect((await run('--no-autotune')).tuned).toBeUndefined();
    const text = ['--threads', '1', '--data', data, '--max-steps', '1', '--out', tempFolder()];
    const { stdout } = await cli('train', '--preset', 'mnist-cnn-small', '--batch-size', '16', ...text);
    const known = `tuned ${measured + fromCache} convolutions (${measured + fromCache} from the cache)`;
    if (second.tuned?.measured === 0) expect(stdout).toContain(known);
  });

  test('starts from the weights of --init', async () => {
    const folder = tempFolder();
    const init = join(folder, 'init.safetensors');
    writeFileSync(init, createTrainingArtifacts(presetNetwork('mnist-cnn-small'), { seed: 5 }).checkpoint);
    const run = async (...options: string[]): Promise<unknown> => {
      const common = [
        '--data',
        data,
        '--max-steps',
        '1',
        '--log-every',
        '1',
        '--out',
        join(folder, 'r'),
        '--json',
      ];
      return (await cli('train', ...small, ...common, ...options)).events[1]?.['loss'];
    };
    expect(await run('--init', init)).toBe(await run('--seed', '5'));
    expect(await run()).not.toBe(await run('--seed', '5'));
  });

  test('tests on a second set when asked', async () => {
    const options = ['--data', data, '--max-steps', '1', '--out', tempFolder(), '--json'];
    const { events } = await cli('train', ...small, ...options, '--also-test', data);
    expect(events.at(-1)).toMatchObject({ alsoTest: { data: 'few-digits/test', count: 24 } });
    expect(events.at(-1)).not.toHaveProperty('mnistAccuracy');
  });
});

describe('train as text', () => {
  test('prints one line for each epoch, what came out and what to do next', async () => {
    process.chdir(tempFolder());
    const options = ['--data', data, '--epochs', '2', '--scheduler', 'none', '--optimizer', 'adamw'];
    const { status, stdout } = await cli('train', ...small, ...options);
    expect(status).toBe(0);
    expect(stdout.match(/^epoch \d\/2: loss .* test accuracy .* images\/s/gm)).toHaveLength(2);
    expect(stdout).not.toMatch(/^step /m);
    expect(stdout).toMatch(/^accuracy +\d+\.\d\d % on few-digits\/test/m);
    expect(stdout).toContain('runs/mnist-cnn-small-few-digits/model.onnx');
    expect(stdout).toContain('npx ort-train predict runs/mnist-cnn-small-few-digits/model.onnx');
    expect(stdout).toMatch(/recipe +2 epochs, batches of 16, adamw, lr 0.001, in file order/);
  });

  test('never writes over another run unasked, and says so where it was asked', async () => {
    process.chdir(tempFolder());
    const options = ['train', ...small, '--data', data, '--max-steps', '1'];
    await cli(...options);
    expect((await cli(...options)).stdout).toContain('runs/mnist-cnn-small-few-digits-2');
    const again = await cli(...options, '--out', 'runs/mnist-cnn-small-few-digits-2');
    expect(again.stderr).toContain('holds an earlier run, whose files are replaced');
  });

  test('shows steps with --log-every', async () => {
    const options = ['--data', data, '--max-steps', '2', '--log-every', '2', '--out', tempFolder()];
    expect((await cli('train', ...small, ...options)).stdout.match(/^step \d/gm)).toEqual(['step 2']);
  });
});

describe('an interrupted run', () => {
  test('goes on with --resume alone as if nothing had been', async () => {
    const [whole, cut] = [tempFolder(), tempFolder()];
    const options = [
      'train',
      ...small,
      '--data',
      data,
      '--epochs',
      '2',
      '--lr',
      '0.002',
      '--shuffle',
      '--json',
    ];
    const expected = await cli(...options, '--out', whole);
    await cli(...options, '--out', cut, '--max-steps', '4');
    const { status, events } = await cli('train', '--resume', cut, '--threads', '1', '--json');
    expect(status).toBe(0);
    expect(events[0]).toMatchObject({ batchSize: 16, learningRate: 0.002, shuffle: true, out: cut });
    const { testLoss } = expected.events.at(-1) ?? {};
    expect(testLoss).toBeTypeOf('number');
    expect(events.at(-1)).toMatchObject({ event: 'done', testLoss, steps: 6 });
    const finished = await cli('train', '--resume', join(cut, 'checkpoint.safetensors'), '--json');
    expect(finished.status).toBe(2);
    expect(finished.events.at(-1)).toMatchObject({ event: 'error', code: 'checkpoint' });
  });

  test('keeps a checkpoint, says how to go on, ends with 130 or 143, can be exported', async () => {
    for (const [kind, status] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
      const out = join(tempFolder(), 'run');
      const controller = new AbortController();
      controller.abort(new Interruption(kind));
      const stopped = await cliWith(
        { signal: controller.signal },
        ...['train', ...small, '--data', data, '--out', out],
      );
      expect(stopped.status).toBe(status);
      expect(stopped.stderr).toContain(join(out, 'checkpoint.safetensors'));
      expect((await cli('export', out, '--out', join(out, 'x.onnx'))).status).toBe(0);
    }
  });
});

test('images of another size get a network of that size', async () => {
  const folder = folderOf(filesOf(squares(20, 32), squares(10, 32)));
  const out = join(tempFolder(), 'r');
  mkdirSync(out);
  const { status } = await cli(
    'train',
    ...small,
    '--data',
    folder,
    '--max-steps',
    '1',
    '--out',
    out,
    '--json',
  );
  expect(status).toBe(0);
  expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({
    imageSize: [32, 32],
  });
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { embeddedDigits } from '../../src/index.js';
import { cli, digitFiles, filesOf, folderOf, squares, tempFolder } from './helpers.js';

let data = '';
let folder = '';
let model = '';
let png = '';

beforeAll(async () => {
  data = folderOf(digitFiles());
  folder = tempFolder();
  const run = join(folder, 'run');
  await cli(
    'train',
    '--preset',
    'mnist-cnn-small',
    '--data',
    data,
    '--batch-size',
    '16',
    '--epochs',
    '1',
    '--out',
    run,
  );
  model = join(run, 'model.onnx');
  png = join(folder, 'digit.png');
  const pixels = embeddedDigits({ train: 1, test: 1 }).test.images;
  await sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(png);
});

describe('evaluate', () => {
  test('--json prints accuracy, loss and count, equal to those of the training run', async () => {
    const { status, events } = await cli('evaluate', model, '--data', data, '--json');
    expect(status).toBe(0);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ event: 'done', count: 24 });
    const { accuracy, loss } = events[0] ?? {};
    expect(accuracy).toBeTypeOf('number');
    // The run's own evaluation took the mean of float32 means by batch; 1e-4 is far above that rounding.
    const history = JSON.parse(readFileSync(join(folder, 'run/history.json'), 'utf8')) as {
      epochs: { testLoss: number; testAccuracy: number }[];
    };
    expect(accuracy).toBe(history.epochs[0]?.testAccuracy);
    expect(Math.abs(Number(loss) - Number(history.epochs[0]?.testLoss))).toBeLessThan(1e-4);
  });

  test('shows a confusion table', async () => {
    const { status, stdout } = await cli(
      'evaluate',
      model,
      '--data',
      data,
      '--split',
      'train',
      '--batch-size',
      '7',
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/^accuracy +\d+\.\d\d %, \d+ of 48$/m);
    expect(stdout).toContain('rows: what it is');
  });

  test('refuses data of another size or with other classes', async () => {
    const other = folderOf(filesOf(squares(10, 20), squares(10, 20)));
    const size = await cli('evaluate', model, '--data', other);
    expect(size.status).toBe(2);
    expect(size.stderr).toContain('expects images 1x28x28');
    const eleven = Array.from({ length: 11 }, (_, i) => `c${i}`).join(',');
    const classes = await cli('evaluate', model, '--data', data, '--labels', eleven);
    expect(classes.status).toBe(2);
    expect(classes.stderr).toContain('tells 10 classes apart');
  });

  test('refuses what is no model', async () => {
    const { status, events } = await cli('evaluate', png, '--data', data, '--json');
    expect(status).toBe(2);
    expect(events).toMatchObject([{ event: 'error', code: 'model' }]);
  });
});

describe('predict', () => {
  test('an image file, as text and as JSON', async () => {
    const text = await cli('predict', model, png);
    expect(text.status).toBe(0);
    expect(text.stdout.split('\n').filter((line) => line.includes('━') || line.includes('─'))).toHaveLength(
      3,
    );
    const { events } = await cli('predict', model, png, '--json');
    expect(events).toHaveLength(1);
    const probabilities = events[0]?.['probabilities'] as { label: string; probability: number }[];
    expect(probabilities).toHaveLength(10);
    expect(events[0]).toMatchObject({ image: png, label: probabilities[0]?.label });
    // Ten float64 numbers that were divided by their sum.
    expect(probabilities.reduce((sum, each) => sum + each.probability, 0)).toBeCloseTo(1, 12);
    expect((await cli('predict', model, png, png, '--top', '2', '--json')).events).toMatchObject([
      { probabilities: [{}, {}] },
      { probabilities: [{}, {}] },
    ]);
  });

  test('an image of a data set, with its true label', async () => {
    const { status, events } = await cli('predict', model, '--data', data, '--index', '7', '--json');
    expect(status).toBe(0);
    expect(events[0]).toMatchObject({ image: 'few-digits/test[7]' });
    expect(events[0]?.['correct']).toBe(events[0]?.['truth'] === events[0]?.['label']);
    const beyond = await cli('predict', model, '--data', data, '--index', '24');
    expect(beyond.status).toBe(2);
    expect(beyond.stderr).toContain('--index: expected at most 23');
  });

  test('an image of another size only with --resize', async () => {
    const big = join(folder, 'big.png');
    await sharp({ create: { width: 40, height: 30, channels: 3, background: '#fff' } })
      .png()
      .toFile(big);
    const { status, events } = await cli('predict', model, big, '--json');
    expect(status).toBe(2);
    expect(events).toMatchObject([{ event: 'error', code: 'data' }]);
    expect((await cli('predict', model, big, '--resize', '--invert', '--json')).status).toBe(0);
  });

  test('a file that is no image', async () => {
    const wrong = join(folder, 'wrong.png');
    writeFileSync(wrong, 'no image');
    expect(await cli('predict', model, wrong)).toMatchObject({ status: 2, stdout: '' });
  });

  test('a bad file among others: it is named, the others are done, the status is 2', async () => {
    const wrong = join(folder, 'bad.png');
    writeFileSync(wrong, 'no image');
    const images = [png, wrong, join(folder, 'nowhere.png'), png];
    const text = await cli('predict', model, ...images);
    expect(text.status).toBe(2);
    expect(text.stdout.match(/digit\.png: /g)).toHaveLength(2);
    expect(text.stderr.match(/^error: .*$/gm)).toMatchObject([
      expect.stringContaining('bad.png'),
      expect.stringContaining('nowhere.png'),
    ]);
    const { status, events, stderr } = await cli('predict', model, ...images, '--json');
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
    expect(events).toMatchObject([
      { event: 'prediction', image: png },
      { event: 'error', image: wrong, code: 'data' },
      { event: 'error', image: images[2], code: 'data' },
      { event: 'prediction', image: png },
    ]);
    expect(events[1]?.['message']).toContain('bad.png');
  });
});

describe('export', () => {
  test('a run, with other labels', async () => {
    const out = join(folder, 'exported.onnx');
    const labels = 'zero,one,two,three,four,five,six,seven,eight,nine';
    const { status, events } = await cli(
      'export',
      join(folder, 'run'),
      '--out',
      out,
      '--labels',
      labels,
      '--json',
    );
    expect(status).toBe(0);
    expect(events).toMatchObject([{ event: 'done', model: out }]);
    expect(existsSync(out)).toBe(true);
    const predicted = await cli('predict', out, png, '--json');
    expect(labels.split(',')).toContain(predicted.events[0]?.['label']);
    // IDX files name no classes: they take the model's labels. Data that have others are tested all the same.
    const evaluated = await cli('evaluate', out, '--data', data, '--json');
    expect(evaluated).toMatchObject({ status: 0, stderr: '', events: [{ classes: labels.split(',') }] });
    const few = ['--digits-train', '10', '--digits-test', '10'];
    const { status: tested, stderr } = await cli('evaluate', out, '--data', 'digits', ...few);
    expect(tested).toBe(0);
    expect(stderr).toContain('compared by their place');
  });

  test('refuses another number of labels', async () => {
    const { status, stderr } = await cli('export', model, '--out', join(folder, 'x.onnx'), '--labels', 'a,b');
    expect(status).toBe(2);
    expect(stderr).toContain('expected 10 labels, got 2');
  });
});

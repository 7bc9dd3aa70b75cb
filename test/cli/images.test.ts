import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cifarSets } from '../../src/data/cifar-sets.js';
import { channelStatistics, embeddedDigits, readModelCard } from '../../src/index.js';
import { cli, digitFiles, folderOf, tempFolder, type Outcome } from './helpers.js';

const data = folderOf(digitFiles());
const train = embeddedDigits({ train: 48, test: 24, seed: 3 }).train;

/** One step on the small digits. */
async function oneStep(out: string, ...options: readonly string[]): Promise<Outcome> {
  const small = ['--preset', 'mnist-cnn-small', '--batch-size', '16', '--threads', '1', '--log-every', '1'];
  return cli('train', ...small, '--data', data, '--max-steps', '1', '--out', out, '--json', ...options);
}

const lossOf = ({ events }: Outcome): unknown => events.find(({ event }) => event === 'step')?.['loss'];
const cardOf = (out: string): ReturnType<typeof readModelCard> =>
  readModelCard(readFileSync(join(out, 'model.onnx')), 'model.onnx');

describe('train --random-crop and --random-flip', () => {
  test('change the images that are trained on, and are told', async () => {
    const plain = await oneStep(tempFolder());
    const out = tempFolder();
    const augmented = await oneStep(out, '--random-crop', '3', '--random-flip');
    expect(augmented.status).toBe(0);
    const augment = { pad: 3, crop: true, flip: true };
    expect(augmented.events[0]).toMatchObject({ augment });
    expect(lossOf(augmented)).not.toBe(lossOf(plain));
    expect(cardOf(out).provenance).toMatchObject({ augment });
    expect(plain.events[0]).not.toHaveProperty('augment');
    expect(lossOf(await oneStep(tempFolder(), '--random-crop', '0', '--no-random-flip'))).toBe(lossOf(plain));
  });

  test('are kept by --resume, unless it says otherwise', async () => {
    const out = tempFolder();
    await oneStep(out, '--random-crop', '3', '--epochs', '9', '--mean', '0.1');
    const resume = ['train', '--resume', out, '--threads', '1', '--json', '--max-steps'];
    const { events } = await cli(...resume, '3');
    expect(events[0]).toMatchObject({ augment: { pad: 3, crop: true }, normalization: { mean: [0.1] } });
    const other = await cli(...resume, '5', '--random-flip', '--random-crop', '0', '--std', '0.5');
    expect(other.events[0]).toMatchObject({
      augment: { flip: true },
      normalization: { mean: [0.1], std: [0.5] },
    });
    expect(other.events[0]?.['augment']).not.toHaveProperty('pad');
    expect((await cli(...resume, '6', '--no-normalize')).events[0]).not.toHaveProperty('normalization');
  });

  test('are shown as text', async () => {
    const options = ['--data', data, '--max-steps', '1', '--out', tempFolder(), '--batch-size', '16'];
    const images = ['--random-crop', '2', '--random-flip', '--mean', '0.25', '--std', '0.5'];
    const { stdout } = await cli('train', '--preset', 'mnist-cnn-small', ...options, ...images);
    expect(stdout).toMatch(
      /^images +cut at random, 2 pixels around, mirrored at random, mean 0\.25, std\s+0\.5$/m,
    );
  });
});

describe('train --mixup and --cutmix', () => {
  test('change the step, are told, recorded and kept by --resume', async () => {
    const out = tempFolder();
    const plain = await oneStep(tempFolder());
    const mixed = await oneStep(out, '--mixup', '0.4', '--cutmix', '1', '--epochs', '9');
    expect(mixed.status).toBe(0);
    const both = { mixup: 0.4, cutmix: 1 };
    expect(mixed.events[0]).toMatchObject(both);
    expect(lossOf(mixed)).not.toBe(lossOf(plain));
    expect(cardOf(out).provenance).toMatchObject(both);
    expect(plain.events[0]).not.toHaveProperty('mixup');
    const resume = ['train', '--resume', out, '--threads', '1', '--max-steps', '2'];
    const other = await cli(...resume, '--cutmix', '0.5');
    expect(other.stderr).toMatch(/cutmix: .* with cutmix 1: expected the same to go on, got 0\.5/);
    const { stdout } = await cli(...resume);
    expect(stdout).toMatch(/^images +mixup 0\.4, cutmix 1$/m);
  });
});

describe('train --mean, --std and --normalize', () => {
  test('record the normalisation in the exported model, which predict applies', async () => {
    const out = tempFolder();
    const { status, events } = await oneStep(out, '--mean', '-0.2', '--std', '0.4');
    expect(status).toBe(0);
    expect(cardOf(out).normalization).toEqual({ mean: [-0.2], std: [0.4] });
    const evaluated = await cli('evaluate', join(out, 'model.onnx'), '--data', data, '--json');
    const { testLoss, testAccuracy } = events.at(-1) ?? {};
    expect(evaluated.events[0]?.['accuracy']).toBe(testAccuracy);
    // The run took the mean of float32 means by batch: 1e-4 is far above that rounding.
    expect(Math.abs(Number(evaluated.events[0]?.['loss']) - Number(testLoss))).toBeLessThan(1e-4);
  });

  test('take the numbers of the training images', async () => {
    const out = tempFolder();
    await oneStep(out, '--normalize');
    expect(cardOf(out).normalization).toEqual(await channelStatistics(train));
  });

  test('leave pixels / 255 alone unless they are given', async () => {
    const out = tempFolder();
    await oneStep(out);
    expect(cardOf(out).normalization).toEqual({ mean: [0], std: [1] });
  });
});

test.each([
  [['--random-crop', '-1'], '--random-crop: expected a whole number of at least 0, got -1'],
  [['--mixup', '0'], '--mixup: expected a finite number above 0, got 0'],
  [['--cutmix', 'x'], '--cutmix: expected a finite number above 0, got "x"'],
  [['--random-crop', '1.5'], '--random-crop: expected a whole number of at least 0, got 1.5'],
  [['--random-crop', '29'], 'augment.pad: expected a whole number from 0 to 28 for images of 28x28, got 29'],
  [['--mean', 'dark'], '--mean[0]: expected a finite number, got "dark"'],
  [['--std', '1,'], '--std: expected words with commas between them, got an empty one'],
  [['--mean', '0.1,0.2,0.3'], 'mean: expected 1 numbers up to 1, one for each channel, got [0.1, 0.2, 0.3]'],
  [['--std', '0'], 'std: expected numbers above 0, up to 1, got [0]'],
  [['--std', '-0.5'], 'std: expected numbers above 0, up to 1, got [-0.5]'],
  [['--std', 'NaN'], '--std[0]: expected a finite number, got "NaN"'],
  [
    ['--mean', '125.3,123.0,113.9', '--std', '63,62.1,66.7'],
    'mean: expected numbers up to 1 (pixels are divided by 255 first; so divided, yours are ' +
      'mean 0.4914,0.4824,0.4467 and std 0.2471,0.2435,0.2616), got [125.3,123,113.9]',
  ],
  [['--mean', '0.5', '--std', '63'], 'so divided, yours are std 0.2471), got [63]'],
  [['--normalize', '--std', '1'], '--normalize and --std: expected one of them, got both'],
])('train %j is refused', async (options, message) => {
  const { status, events } = await oneStep(tempFolder(), ...options);
  expect(status).toBe(2);
  expect(events).toMatchObject([{ event: 'error', code: 'option' }]);
  expect(events[0]?.['message']).toContain(message);
});

describe('CIFAR', () => {
  test('is named by --help of what takes data', async () => {
    for (const command of ['train', 'evaluate', 'predict']) {
      expect((await cli(command, '--help')).stdout, command).toMatch(/cifar10,\s+cifar100/);
    }
  });

  test('is listed by doctor, with the folder that it is in', async () => {
    const cacheDir = tempFolder();
    const { cifar10, cifar100 } = cifarSets;
    const inner = join(cacheDir, 'cifar100', cifar100.folder);
    mkdirSync(inner, { recursive: true });
    for (const name of [...cifar100.files.train, ...cifar100.files.test])
      writeFileSync(join(inner, name), '');
    const doctor = ['doctor', '--device', 'cpu', '--cache-dir', cacheDir];
    const sets = async (): Promise<unknown> => {
      const { events } = await cli(...doctor, '--json');
      return (events[0]?.['data'] as { readonly sets: unknown }).sets;
    };
    const entry = (name: string, present: boolean): object => ({
      name,
      folder: join(cacheDir, name),
      present,
    });
    expect(await sets()).toEqual([
      ...[entry('mnist', false), entry('fashion-mnist', false)],
      ...[entry('cifar10', false), entry('cifar100', true)],
    ]);
    mkdirSync(join(cacheDir, 'cifar10'));
    writeFileSync(join(cacheDir, 'cifar10', cifar10.archive), '');
    expect(await sets()).toContainEqual(entry('cifar10', true));
    rmSync(join(inner, 'test.bin'));
    const { stdout } = await cli(...doctor);
    expect(stdout).toMatch(/^ +cifar10 +\/.*cifar10$/m);
    expect(stdout).toMatch(/^ +cifar100 +not here; --data cifar100 downloads it to /m);
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { pictureFiles } from '../data/picture-files.js';
import { pathsIn, writePhotos } from '../helpers/photos.js';
import { Interruption } from '../../src/cli/io.js';
import { cli, cliWith, tempFolder, type Outcome } from './helpers.js';

const small = ['--preset', 'mnist-cnn-small', '--threads', '1', '--no-autotune', '--target', 'portable'];

let data = '';
beforeAll(async () => {
  data = await writePhotos(join(tempFolder(), 'photos'), pathsIn(['a', 'b'], 4), { width: 34 });
});

async function train(...options: readonly string[]): Promise<Outcome> {
  const run = ['--max-steps', '1', '--out', join(tempFolder(), 'run'), '--json'];
  return cli('train', '--data', data, ...small, ...run, ...options);
}

test.each([
  [['--augment', 'none'], { augment: 'none' }],
  [['--augment', 'light', '--mixup', '0.2'], { augment: 'light', mixup: 0.2 }],
  [['--augment', 'strong', '--cutmix', '1'], { augment: 'strong', cutmix: 1 }],
  [
    ['--augment', '[{"name":"randomResizedCrop","size":28},{"name":"flip"}]'],
    { augment: [{ name: 'randomResizedCrop', size: 28 }, { name: 'flip' }] },
  ],
  [['--no-normalize'], { normalization: { mean: [0, 0, 0], std: [1, 1, 1] } }],
  [['--background', '#102030'], { background: '#102030' }],
  [
    ['--preprocess', '[{"name":"resize","size":[28,28]}]', '--augment', 'none'],
    { preprocess: [{ name: 'resize', size: [28, 28] }] },
  ],
])('train %j', async (options, expected) => {
  const { status, events } = await train(...options);
  expect({ status, error: events[0]?.['message'] }).toEqual({ status: 0, error: undefined });
  expect(events[0]).toMatchObject(expected);
});

test.each([
  [['--augment', 'strnog'], /^--augment: expected .*standard.*got "strnog"/],
  [['--augment', '[{"name":"flipp"}]'], /^--augment.*flip/],
  [['--augment', 'flip,'], /^--augment/],
  [['--augment', '[{"name":"flip"'], /^--augment/],
  [['--augment', '[{"name":"randomCrop","size":20}]'], /augment: expected pictures of 3x28x28.*got 3x20x20/],
  [
    ['--preprocess', '[{"name":"resize","size":[20,20]}]'],
    /expected a picture of 3x28x28 after the preprocessing/,
  ],
  [['--background', 'white'], /^--background: expected a colour as #ffffff, got "white"/],
  [['--mixup', '0'], /^--mixup: expected a finite number above 0, got 0/],
  [['--val-split', '1'], /^--val-split: expected a number in \(0, 1\), got 1/],
  [['--cache', 'tape'], /^--cache: expected .*ram.*got "tape"/],
])('train %j is refused', async (options, message) => {
  const { status, events } = await train(...options);
  expect(events.at(-1)?.['message']).toMatch(message);
  expect(status).toBe(2);
});

test('a folder of every kind of picture is trained with', async () => {
  const folder = await writePhotos(join(tempFolder(), 'odd'), pathsIn(['a', 'b'], 1));
  for (const [i, { name, bytes }] of (await pictureFiles()).entries()) {
    writeFileSync(join(folder, i % 2 === 0 ? 'a' : 'b', name.replaceAll('/', ' ')), bytes);
  }
  const run = ['--max-steps', '1', '--out', join(tempFolder(), 'run'), '--json'];
  const { status, events } = await cli('train', '--data', folder, ...small, ...run);
  expect({ status, error: events[0]?.['message'] }).toEqual({ status: 0, error: undefined });
  expect(events[0]).toMatchObject({ channels: 3 });
});

test('Ctrl-C stops the check of the pictures', async () => {
  const signal = AbortSignal.abort(new Interruption('SIGINT'));
  const run = ['--max-steps', '1', '--out', join(tempFolder(), 'run'), '--json'];
  const { status, events } = await cliWith({ signal }, 'train', '--data', data, ...small, ...run);
  expect(status).toBe(130);
  expect(events).toEqual([
    { event: 'error', code: 'aborted', message: 'photos: the check of the pictures was stopped' },
  ]);
});

import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readModelCard, type RunSpec } from '../../src/index.js';
import { tar } from '../data/pictures/tar.js';
import { pathsIn, photo, writePhotos } from '../helpers/photos.js';
import { cli, tempFolder, type Outcome } from './helpers.js';

const classes = ['birne', 'salt, pepper', 'Äpfel'];
const small = ['--preset', 'mnist-cnn-small', '--threads', '1', '--no-autotune', '--target', 'portable'];

/** A run of two steps on pictures; `out` has the files. */
async function train(data: string, out: string, ...options: readonly string[]): Promise<Outcome> {
  const steps = options.includes('--max-steps') || options.includes('--epochs') ? [] : ['--max-steps', '2'];
  return cli('train', `--data=${data}`, ...small, ...steps, '--out', out, '--json', ...options);
}

const runOf = (out: string): RunSpec => JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunSpec;
const modelOf = (out: string): Uint8Array => readFileSync(join(out, 'model.onnx'));
const checkpointOf = (out: string): string =>
  createHash('sha256')
    .update(readFileSync(join(out, 'checkpoint.safetensors')))
    .digest('hex');

let data = '';
let out = '';
let trained: Outcome;

beforeAll(async () => {
  data = await writePhotos(join(tempFolder(), 'meine bilder ü'), pathsIn(classes, 5), { width: 34 });
  out = join(tempFolder(), 'run');
  trained = await train(data, out);
});

describe('train on class folders, without a flag for them', () => {
  test('says what it did, and writes it down', () => {
    expect(trained.status).toBe(0);
    expect(trained.events[0]).toMatchObject({
      pictures: { classes, valSplit: { share: 0.2, seed: 0 } },
      data: { trainCount: 12, testCount: 3 },
      ...{ batchSize: 12, augment: 'standard', epochs: 100 },
    });
    expect(runOf(out)).toMatchObject({
      ...{ data, classes: 3, channels: 3, imageSize: [28, 28], augment: 'standard', background: '#ffffff' },
      dataOptions: { valSplit: 0.2, splitSeed: 0 },
      preprocess: [
        { name: 'resize', size: 28 },
        { name: 'centerCrop', size: [28, 28] },
      ],
      normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    });
    expect(existsSync(join(out, 'skipped.json'))).toBe(false);
  });

  test('says it in words, too', async () => {
    const quick = ['--max-steps', '1', '--out', tempFolder()];
    const { stdout } = await cli('train', '--data', data, ...small, ...quick);
    expect(stdout).toMatch(/3 classes: birne, salt, pepper, Äpfel; seen as colour, 28x28/);
    expect(stdout).toMatch(/no test part: 20\.00 % of each class drawn for it, seed 0/);
    expect(stdout).toMatch(/^images +standard augmentation: /m);
  });

  test('gives the same bytes again by its run.json, with and without threads, wherever pictures are kept', async () => {
    for (const options of [[], ['--no-prefetch', '--cache', 'none'], ['--cache', 'disk']]) {
      const again = join(tempFolder(), 'again');
      const base = ['--config', join(out, 'run.json'), '--threads', '1', '--out', again, '--json'];
      const { status } = await cli('train', ...base, ...options);
      expect(status, options.join(' ')).toBe(0);
      expect(readModelCard(modelOf(again), again).provenance).toMatchObject({ valSplit: 0.2, splitSeed: 0 });
      expect(checkpointOf(again)).toBe(checkpointOf(out));
    }
  });

  test('goes on within an epoch to the same bytes', async () => {
    const order = ['--batch-size', '5', '--epochs', '2'];
    const [whole, parts] = [join(tempFolder(), 'a'), join(tempFolder(), 'b')];
    await train(data, whole, ...order);
    await train(data, parts, ...order, '--max-steps', '2');
    const { status, events } = await cli('train', '--resume', parts, '--threads', '1', '--json');
    expect({ status, steps: events.at(-1)?.['steps'] }).toEqual({ status: 0, steps: 6 });
    expect(checkpointOf(parts)).toBe(checkpointOf(whole));
  });

  test('takes another size than that of a run.json with all that follows from it', async () => {
    const other = join(tempFolder(), 'other');
    const base = ['--config', join(out, 'run.json'), '--threads', '1', '--out', other];
    const { status, stderr } = await cli('train', ...base, '--image-size', '24');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(runOf(other)).toMatchObject({ imageSize: 24, preprocess: [{ name: 'resize', size: 24 }, {}] });
  });
});

describe('a model of pictures', () => {
  const model = (): string => join(out, 'model.onnx');
  const evaluate = async (folder: string, ...options: readonly string[]): Promise<Outcome> =>
    cli('evaluate', model(), `--data=${folder}`, '--json', ...options);

  test('is evaluated on the pictures that its run drew', async () => {
    const { status, events, stderr } = await evaluate(data);
    expect(status).toBe(0);
    expect(events[0]).toMatchObject({ count: 3, accuracy: trained.events.at(-1)?.['testAccuracy'] });
    // The run took the mean of float32 means by batch: 1e-4 is far above that rounding.
    expect(Number(events[0]?.['loss'])).toBeCloseTo(Number(trained.events.at(-1)?.['testLoss']), 4);
    expect(stderr).toMatch(/20\.00 % of each class are tested with, drawn with seed 0 .*--split all/);
  });

  test('finds them where the run drew others', async () => {
    const own = join(tempFolder(), 'own');
    await train(data, own, '--val-split', '0.4', '--split-seed', '3');
    const args = ['evaluate', join(own, 'model.onnx'), '--data', data, '--json'];
    const { events, stderr } = await cli(...args);
    expect(events[0]).toMatchObject({ count: 6 });
    expect(stderr).toContain('40.00 % of each class are tested with, drawn with seed 3');
    expect((await cli(...args, '--val-split', '0.2')).events[0]).toMatchObject({ count: 3 });
  });

  test('gives a file the probability that it has in evaluation', async () => {
    for (const index of [0, 2]) {
      const part = ['--data', data, '--split', 'all', '--index', String(index), '--json'];
      const [inSet] = (await cli('predict', model(), ...part)).events;
      expect(inSet?.['truth']).toBe('birne');
      const file = join(data, `birne/${index}.png`);
      const [alone] = (await cli('predict', model(), file, '--json')).events;
      expect(alone?.['label']).toBe(inSet?.['label']);
      // Asked for: within 1e-3. Both are the same pixels through the same network: 1e-6 is float32's rounding.
      expect(Number(alone?.['probability'])).toBeCloseTo(Number(inSet?.['probability']), 6);
    }
  });

  test('says that a folder has changed since, so that it may be evaluated on what it was trained with', async () => {
    const copy = join(tempFolder(), 'meine bilder ü');
    cpSync(data, copy, { recursive: true });
    expect((await evaluate(copy)).stderr).not.toContain('were added');
    cpSync(join(copy, 'birne', '0.png'), join(copy, 'birne', 'neu.png'));
    expect((await evaluate(copy)).stderr).toMatch(/pictures were added to .*, removed or renamed since/);
  });

  test('is evaluated on all of a new folder, whatever parts it has, with its own labels', async () => {
    const paths = ['Äpfel/1.png', 'birne/1.png'];
    const flat = await writePhotos(join(tempFolder(), 'flat'), paths);
    const { status, events, stderr } = await evaluate(flat, '--split', 'all');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(events[0]).toMatchObject({ count: 2, data: 'flat/all', classes });
    const confusion = events[0]?.['confusion'] as readonly (readonly number[])[];
    const rows = confusion.map((row) => row.reduce((sum, value) => sum + value, 0));
    expect(rows).toEqual([1, 0, 1]);
    // One picture a class leaves none to draw.
    const drawn = await evaluate(flat);
    expect(drawn.status).toBe(2);
    expect(drawn.events[0]?.['message']).toContain('--split all');
    const part = await writePhotos(
      join(tempFolder(), 'part'),
      paths.map((path) => `test/${path}`),
    );
    expect((await evaluate(part, '--split', 'all')).events[0]).toMatchObject({ count: 2 });
    expect((await evaluate(part)).events[0]?.['message']).toContain('--split all');
  });

  test('refuses a class that it does not know, and names a picture of it', async () => {
    const folder = await writePhotos(join(tempFolder(), 'other'), pathsIn(['birne', 'kiwi'], 2));
    const { status, events } = await evaluate(folder);
    expect(status).toBe(2);
    expect(events[0]?.['message']).toMatch(
      /kiwi\/.\.png: expected one of the 3 classes 'birne', 'salt, pepper', 'Äpfel', got 'kiwi'/,
    );
  });

  test('prints a next step that works', async () => {
    const next = String(trained.events.at(-1)?.['next']);
    expect(next).toContain("ü' --index 0");
    const { status, events } = await cli('predict', model(), '--data', data, '--index', '0', '--json');
    expect({ status, truth: events[0]?.['truth'] }).toEqual({ status: 0, truth: 'birne' });
  });

  test('is tested on a second folder as well', async () => {
    const second = await writePhotos(join(tempFolder(), 'second'), pathsIn(['Äpfel', 'birne'], 3), {
      width: 50,
      height: 40,
    });
    const { status, events } = await train(data, join(tempFolder(), 'run'), '--also-test', second);
    expect(status).toBe(0);
    expect(events.at(-1)).toMatchObject({ alsoTest: { data: 'second/test', count: 2 } });
  });
});

describe('folders train, val and test', () => {
  const parts = ['train', 'val', 'test'];
  let three = '';
  let model = '';
  let run: Outcome;
  beforeAll(async () => {
    const paths = parts.flatMap((part, i) => pathsIn([`${part}/a`, `${part}/b`], 4 - i));
    three = await writePhotos(join(tempFolder(), 'three'), paths);
    const folder = join(tempFolder(), 'run');
    model = join(folder, 'model.onnx');
    run = await train(three, folder);
  });

  test('are trained with, evaluated after each epoch, and at the end', () => {
    expect(run.status).toBe(0);
    expect(run.events[0]).toMatchObject({
      pictures: { classes: ['a', 'b'], finalCount: 4 },
      data: { trainCount: 8, testCount: 6 },
    });
    expect(run.events.at(-1)).toMatchObject({ finalTest: { data: 'three/test', count: 4 } });
    expect(run.events[0]?.['dataOptions']).toBeUndefined();
  });

  test.each([
    [[], 4, 'finalTest'],
    [['--split', 'val'], 6, undefined],
    [['--split', 'train'], 8, undefined],
    [['--split', 'all'], 18, undefined],
  ] as const)('evaluate %j takes %i pictures', async (options, count, field) => {
    const { events, stderr } = await cli('evaluate', model, '--data', three, '--json', ...options);
    expect(stderr).toBe('');
    expect(events[0]).toMatchObject({ count });
    const done = run.events.at(-1) ?? {};
    if (field !== undefined) {
      const { accuracy } = done[field] as { readonly accuracy: number };
      expect(events[0]?.['accuracy']).toBe(accuracy);
    }
  });
});

describe('bad pictures', () => {
  test('stop a run before it begins, unless they are left out', async () => {
    const folder = await writePhotos(join(tempFolder(), 'photos'), pathsIn(['a', 'b'], 4));
    const bad = join(folder, 'a', '2.png');
    writeFileSync(bad, 'no picture');
    writeFileSync(join(folder, 'notes.txt'), '');
    const stopped = await train(folder, join(tempFolder(), 'run'));
    expect(stopped.status).toBe(2);
    expect(stopped.events[0]?.['message']).toMatch(/a\/2\.png: .*--skip-bad-images/);
    const run = join(tempFolder(), 'run');
    const { status, stderr, events } = await train(folder, run, '--skip-bad-images');
    expect(status).toBe(0);
    expect(events[0]?.['data']).toMatchObject({ trainCount: 5, testCount: 2 });
    expect(stderr).toMatch(/1 picture left out that cannot be read: .*a\/2\.png/);
    const listed = JSON.parse(readFileSync(join(run, 'skipped.json'), 'utf8')) as Record<string, unknown>;
    expect(listed).toMatchObject({ bad: [{ where: bad }], skipped: [{ where: join(folder, 'notes.txt') }] });
    const evaluated = await cli(
      ...[
        'evaluate',
        join(run, 'model.onnx'),
        '--data',
        folder,
        '--split',
        'all',
        '--skip-bad-images',
        '--json',
      ],
    );
    expect(evaluated.events[0]).toMatchObject({ count: 7 });
    expect(evaluated.stderr).toContain('1 picture left out');
    // A later run into the folder leaves nothing of this one.
    rmSync(bad);
    rmSync(join(folder, 'notes.txt'));
    await train(folder, run);
    expect(existsSync(join(run, 'skipped.json'))).toBe(false);
  });

  test('of a whole part are an error; of a whole class a warning', async () => {
    const folder = await writePhotos(join(tempFolder(), 'photos'), [
      ...pathsIn(['train/a', 'train/b', 'train/c', 'val/a'], 2),
      'val/b/0.png',
    ]);
    for (const path of ['train/c/0.png', 'train/c/1.png']) writeFileSync(join(folder, path), '');
    const { status, stderr } = await train(folder, join(tempFolder(), 'run'), '--skip-bad-images');
    expect(status).toBe(0);
    expect(stderr).toContain('no training picture of class c can be decoded');
    for (const path of ['val/a/0.png', 'val/a/1.png', 'val/b/0.png']) writeFileSync(join(folder, path), '');
    const { events } = await train(folder, join(tempFolder(), 'run'), '--skip-bad-images');
    expect(events[0]?.['message']).toMatch(/expected pictures for test, but none can be decoded/);
  });

  test('Pictures in two parts are told', async () => {
    const folder = await writePhotos(
      join(tempFolder(), 'photos'),
      pathsIn(['train/a', 'train/b', 'val/a'], 2),
    );
    writeFileSync(join(folder, 'val/a/1.png'), await photo('train/b/0.png'));
    const { stderr } = await train(folder, join(tempFolder(), 'run'));
    expect(stderr).toMatch(
      /1 picture of the test part is in the training part, too, .*val\/a\/1\.png = .*train\/b\/0\.png/,
    );
  });
});

describe('paths', () => {
  test.each(['--help dir', "it's", 'a,b', '#1 (ü) %20'])('%s is a folder like any other', async (name) => {
    const top = tempFolder();
    await writePhotos(join(top, name), pathsIn(['-x', '--y'], 2));
    const before = process.cwd();
    process.chdir(top);
    try {
      const { status, events } = await train(`./${name}`, 'run');
      expect(status).toBe(0);
      expect(events[0]).toMatchObject({ pictures: { classes: ['--y', '-x'] } });
      const evaluated = await cli('evaluate', 'run/model.onnx', `--data=./${name}`, '--json');
      expect(evaluated.status).toBe(0);
    } finally {
      process.chdir(before);
    }
  });
});

test('--labels give the order of the classes', async () => {
  const run = join(tempFolder(), 'run');
  const { status } = await train(data, run, '--labels', 'Äpfel,birne,"salt, pepper",kiwi');
  expect(status).toBe(0);
  expect(readModelCard(modelOf(run), run).classes).toEqual(['Äpfel', 'birne', 'salt, pepper', 'kiwi']);
  const { events } = await train(data, run, '--labels', 'Äpfel,birne');
  expect(events[0]?.['message']).toMatch(
    /expected one of the 2 classes 'Äpfel', 'birne', got 'salt, pepper'/,
  );
});

test('lists and shards are trained with and evaluated', async () => {
  const folder = await writePhotos(tempFolder(), pathsIn(['a', 'b'], 3));
  const rows = pathsIn(['a', 'b'], 3).map((path) => ({ path, label: path.slice(0, 1) }));
  const csv = join(folder, 'list.csv');
  writeFileSync(csv, ['path,label', ...rows.map(({ path, label }) => `${path},${label}`)].join('\n'));
  const jsonl = join(folder, 'list.jsonl');
  writeFileSync(jsonl, rows.map((row) => JSON.stringify(row)).join('\n'));
  for (const [i, label] of ['a', 'b'].entries()) {
    const samples: Record<string, string | Uint8Array> = {};
    for (const at of [0, 1, 2]) {
      samples[`${label}${at}.png`] = readFileSync(join(folder, label, `${at}.png`));
      samples[`${label}${at}.cls`] = label;
    }
    writeFileSync(join(folder, `s-0${i}.tar`), tar(samples));
  }
  const counts: unknown[] = [];
  for (const list of [csv, jsonl, join(folder, 's-{00..01}.tar')]) {
    const run = join(tempFolder(), 'run');
    const { status, events } = await train(list, run);
    expect(status).toBe(0);
    counts.push(events[0]?.['data']);
    const evaluated = await cli('evaluate', join(run, 'model.onnx'), '--data', list, '--json');
    expect(evaluated.events[0]).toMatchObject({ count: 2, classes: ['a', 'b'] });
  }
  expect(counts).toMatchObject(counts.map(() => ({ trainCount: 4, testCount: 2 })));
  mkdirSync(join(folder, 'empty'));
  const { events } = await train(join(folder, 'empty'), join(tempFolder(), 'run'));
  expect(events[0]?.['message']).toMatch(/empty: expected pictures/);
});

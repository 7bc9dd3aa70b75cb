import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { namesInLine } from '../../src/cli/names-option.js';
import { embeddedDigits, readModelCard, selectClasses, type RunSpec } from '../../src/index.js';
import { splitInMemory } from '../helpers/memory.js';
import { cli, filesOf, folderOf, tempFolder, type Outcome } from './helpers.js';

const labels = ['a', 'salt, pepper', 'c'];
const written = 'a,"salt, pepper",c';
const small = ['--preset', 'mnist-cnn-small', '--batch-size', '16', '--threads', '1', '--no-autotune'];

let data = '';
let run = '';
let model = '';
let trained: Outcome;

beforeAll(async () => {
  const three = selectClasses(embeddedDigits({ train: 100, test: 100, seed: 3 }), [0, 1, 2]);
  const { train, test: half } = splitInMemory(three);
  data = folderOf(filesOf(train, half), 'three');
  run = join(tempFolder(), 'run');
  model = join(run, 'model.onnx');
  trained = await cli(
    ...['train', '--data', data, ...small, '--labels', written, '--max-steps', '1'].concat(
      '--out',
      run,
      '--json',
    ),
  );
});

const labelsOf = (out: string): readonly string[] =>
  readModelCard(readFileSync(join(out, 'model.onnx')), out).classes;
const runOf = (out: string): RunSpec => JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunSpec;

describe('train --labels, on IDX files, which name no class', () => {
  test('names the classes, one with a comma too', () => {
    expect(trained.status).toBe(0);
    expect(labelsOf(run)).toEqual(labels);
    expect(runOf(run)).toMatchObject({ classes: 3, dataOptions: { classes: labels } });
  });

  test('prints a next step that works', async () => {
    const next = String(trained.events.at(-1)?.['next']);
    expect(next).toBe(`npx ort-train predict ${model} --data ${data} --index 0`);
    const { status, events } = await cli(...next.split(' ').slice(2), '--json');
    expect(status).toBe(0);
    expect(labels).toContain(events[0]?.['truth']);
  });

  test('evaluate takes them from the model', async () => {
    const { status, events, stderr } = await cli('evaluate', model, '--data', data, '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(events[0]).toMatchObject({ classes: labels, accuracy: trained.events.at(-1)?.['testAccuracy'] });
  });

  test.each([
    ['--resume', () => ['--resume', run]],
    ['--resume with the data named anew', () => ['--resume', run, '--data', data]],
    ['--config with the data named anew', () => ['--config', join(run, 'run.json'), '--data', data]],
  ])('%s keeps them', async (_, options) => {
    const out = join(tempFolder(), 'again');
    const { status } = await cli('train', ...options(), '--max-steps', '2', '--out', out, '--no-autotune');
    expect(status).toBe(0);
    expect(labelsOf(out)).toEqual(labels);
    expect(runOf(out)).toMatchObject({ classes: 3, dataOptions: { classes: labels } });
  });
});

test('train --classes 3 calls them 0, 1, 2', async () => {
  const out = join(tempFolder(), 'run');
  const { status } = await cli(
    'train',
    '--data',
    data,
    ...small,
    '--classes',
    '3',
    '--max-steps',
    '1',
    '--out',
    out,
  );
  expect(status).toBe(0);
  expect(labelsOf(out)).toEqual(['0', '1', '2']);
  for (const each of ['evaluate', 'predict']) {
    expect((await cli(each, join(out, 'model.onnx'), '--data', data)).status, each).toBe(0);
  }
  const resumed = await cli('train', '--resume', out, '--data', data, '--max-steps', '2', '--no-autotune');
  expect(resumed.status).toBe(0);
  expect(labelsOf(out)).toEqual(['0', '1', '2']);
});

test('more outputs than labels: the others go by their index, evaluate and predict take the data all the same', async () => {
  const out = join(tempFolder(), 'run');
  const wide = ['--classes', '5', '--labels', 'a,3,c', '--max-steps', '1', '--out', out];
  expect((await cli('train', '--data', data, ...small, ...wide)).status).toBe(0);
  // '3' is taken by the class that the user calls so.
  expect(labelsOf(out)).toEqual(['a', '3', 'c', 'class 3', '4']);
  const evaluated = await cli(
    'evaluate',
    join(out, 'model.onnx'),
    '--data',
    data,
    '--labels',
    'a,3,c',
    '--json',
  );
  expect(evaluated).toMatchObject({ status: 0, stderr: '' });
  expect((await cli('predict', join(out, 'model.onnx'), '--data', data)).status).toBe(0);
});

describe('names on the command line', () => {
  test.each([
    ['a,b', ['a', 'b']],
    [' a , "b, c" ,d', ['a', 'b, c', 'd']],
    ['"5"" disk",plain "', undefined],
    ['"5"" disk"', ['5" disk']],
    ['a b', ['a b']],
    ['a,"b', undefined],
    ['a,,b', undefined],
    ['a,', undefined],
    ['"a"b', undefined],
  ])('%s', (line, names) => {
    if (names === undefined) expect(() => namesInLine(line, '--labels')).toThrow(/^--labels: expected /);
    else expect(namesInLine(line, '--labels')).toEqual(names);
  });

  test('@file has one a line', async () => {
    const file = join(tempFolder(), 'names.txt');
    writeFileSync(file, '\ufeffa\r\nsalt, pepper\n c \n\n');
    const exported = join(tempFolder(), 'x.onnx');
    expect(await cli('export', run, '--out', exported, '--labels', `@${file}`)).toMatchObject({ status: 0 });
    expect(readModelCard(readFileSync(exported), exported).classes).toEqual(labels);
    writeFileSync(file, 'a\n\nc\n');
    const empty = await cli('export', run, '--out', exported, '--labels', `@${file}`);
    expect(empty.stderr).toContain('expected a name in each line, got an empty line 2');
    const none = await cli('export', run, '--out', exported, '--labels', '@nowhere.txt', '--json');
    expect(none.status).toBe(2);
    expect(none.events).toMatchObject([
      { code: 'io', message: expect.stringContaining('nowhere.txt') as string },
    ]);
  });

  test('a name that comes twice is refused, in a run.json too', async () => {
    for (const command of [
      ['train', '--data', data],
      ['export', run, '--out', 'x.onnx'],
    ]) {
      const { status, stderr } = await cli(...command, '--labels', 'a,b,"a"');
      expect(status).toBe(2);
      expect(stderr).toContain("--labels: expected each name once, got 'a' twice");
    }
    const config = join(tempFolder(), 'run.json');
    writeFileSync(config, JSON.stringify({ data, dataOptions: { classes: ['cat', 'dog', 'cat'] } }));
    const { status, stderr } = await cli('train', '--config', config);
    expect(status).toBe(2);
    expect(stderr).toContain(
      'dataOptions.classes: expected labels, each once ("cat" comes twice), got ["cat"',
    );
  });
});

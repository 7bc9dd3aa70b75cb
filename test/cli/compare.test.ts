import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../src/index.js';
import { progressLine } from '../../src/cli/compare/reporter.js';
import { Interruption } from '../../src/cli/io.js';
import { run } from '../../src/cli/run.js';
import { cli, cliWith, digitFiles, filesOf, folderOf, Kept, squares, tempFolder } from './helpers.js';

const data = folderOf(digitFiles());
const short = ['--data', data, '--depths', '8', '--batch-size', '8', '--threads', '1'] as const;
const quick = [...short, '--steps', '3'] as const;

interface Saved {
  readonly format: string;
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly networks: readonly {
    readonly label: string;
    readonly group: string;
    readonly losses: readonly number[];
    readonly finalLoss: number | null;
    readonly gradients: Readonly<Record<'start' | 'end', readonly { readonly norm: number | null }[]>>;
  }[];
}

const saved = (path: string): Saved => JSON.parse(readFileSync(path, 'utf8')) as Saved;

describe('compare', () => {
  test('trains plain and residual networks, with and without batch norm, and writes picture and numbers', async () => {
    const out = join(tempFolder(), 'c');
    const { status, stdout, stderr } = await cli('compare', ...quick, '--out', out);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^networks +plain-8, residual-8$/m);
    expect(stdout).toMatch(/^recipe +3 steps, batches of 8, adam, lr 0.0003, seed 0; the same for all$/m);
    for (const group of ['with batch norm', 'without batch norm']) {
      expect(stdout).toMatch(new RegExp(`^${group} +gradient norm`, 'm'));
    }
    // Parameters, loss, two norms at the start and two at the end, seconds.
    expect(
      stdout.match(/^(plain|residual)-8 +7\d,\d{3} +\d\.\d{4}( +\d\.\de[+-]\d){4} +\d+\.\d s$/gm),
    ).toHaveLength(4);
    expect(stdout).toMatch(/^device +cpu, 1 thread, ONNX Runtime 1\.\d+/m);
    expect(stdout).toContain(`picture    ${join(out, 'compare.svg')}`);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(90);

    const { format, recipe, networks } = saved(join(out, 'compare.json'));
    expect(format).toBe('ort-train-compare/1');
    expect(recipe).toEqual({
      ...{ steps: 3, batchSize: 8, learningRate: 0.0003, optimizer: { kind: 'adam' }, seed: 0 },
    });
    expect(networks.map(({ group, label }) => `${label} ${group}`)).toEqual([
      'plain-8 with batch norm',
      'residual-8 with batch norm',
      'plain-8 without batch norm',
      'residual-8 without batch norm',
    ]);
    for (const { losses, gradients } of networks) {
      expect(losses).toHaveLength(3);
      for (const { norm } of [...gradients.start, ...gradients.end]) expect(norm).toBeGreaterThan(0);
    }
  });

  test('--json prints start, step, network, done and nothing else', async () => {
    const out = join(tempFolder(), 'picture.png');
    const options = ['--norm', 'none', '--log-every', '2', '--seed', '4', '--json', '--out', out];
    const { status, events, stderr } = await cli('compare', ...quick, ...options);
    expect([status, stderr]).toEqual([0, '']);
    const kinds = events.map(({ event }) => event);
    expect(kinds).toEqual(['start', 'step', 'network', 'step', 'network', 'done']);
    expect(events[0]).toMatchObject({ data: 'few-digits/train', images: 48, seed: 4, steps: 3 });
    expect(events[2]).toMatchObject({ label: 'plain-8', network: 'plain8-cifar-nonorm', steps: 3 });
    const folder = join(out, '..');
    const [svg, json] = [join(folder, 'picture.svg'), join(folder, 'picture.json')];
    expect(events.at(-1)).toMatchObject({ event: 'done', png: out, svg, json });
    // Twice the size of the SVG, 1320 pixels wide.
    const pixels = await decodeImage(out, { channels: 1, width: 200, height: 100, resize: true });
    expect(pixels[0]).toBe(255);
    expect(readFileSync(out).readUInt32BE(16)).toBe(2640);
    expect(saved(json).networks).toHaveLength(2);
    expect(existsSync(svg)).toBe(true);
  });

  test('repeats for the same seed', async () => {
    const losses = async (seed: string): Promise<unknown> => {
      const out = tempFolder();
      await cli('compare', ...short, '--norm', 'none', '--steps', '1', '--seed', seed, '--out', out);
      return saved(join(out, 'compare.json')).networks.map((network) => network.losses);
    };
    const first = await losses('1');
    expect(await losses('1')).toEqual(first);
    expect(await losses('2')).not.toEqual(first);
  });

  test('a network that diverges is shown as such', async () => {
    const out = tempFolder();
    const options = ['--norm', 'none', '--optimizer', 'sgd', '--lr', '1e20', '--out', out];
    const { status, stdout } = await cli('compare', ...quick, ...options);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^plain-8 .* diverged /m);
    expect(saved(join(out, 'compare.json')).networks[0]?.finalLoss).toBeNull();
    expect(readFileSync(join(out, 'compare.svg'), 'utf8')).toMatch(/plain-8: NaN at step \d/);
  });
});

describe('an interrupted comparison', () => {
  test('has written what was finished, and says so', async () => {
    const out = tempFolder();
    const controller = new AbortController();
    const json = join(out, 'compare.json');
    // The second network sees the signal before its first step.
    const timer = setInterval(() => {
      if (existsSync(json)) controller.abort(new Interruption('SIGINT'));
    }, 1);
    const { status, stderr } = await cliWith(
      { signal: controller.signal },
      ...['compare', ...short, '--steps', '20', '--out', out],
    );
    clearInterval(timer);
    expect(status).toBe(130);
    expect(stderr).toMatch(/the comparison was stopped in .*; \d of 4 networks finished, see .*compare\.svg/);
    expect(saved(json).networks.length).toBeGreaterThan(0);
    expect(existsSync(join(out, 'compare.svg'))).toBe(true);
  });

  test('writes nothing where nothing is finished', async () => {
    const out = tempFolder();
    const signal = AbortSignal.abort(new Interruption('SIGTERM'));
    const { status, stderr } = await cliWith({ signal }, 'compare', ...quick, '--out', out);
    expect(status).toBe(143);
    expect(stderr).toContain('stopped in plain-8 with batch norm; 0 of 4 networks finished\n');
    expect(existsSync(join(out, 'compare.svg'))).toBe(false);
  });
});

describe('a mistake names its option', () => {
  test.each([
    [['--depths', '21'], '--depths: expected depths of 6n + 2 (8, 14, 20, 26, 32, ...), got 21'],
    [['--depths', '2'], '--depths: expected depths of 6n + 2 (8, 14, 20, 26, 32, ...), got 2'],
    [['--depths', '8,8'], '--depths: expected each once, got 8 twice'],
    [['--depths', 'deep'], '--depths: expected whole numbers from 1'],
    [['--norm', 'layer'], '--norm: expected one of both, batch, none, got layer'],
    [['--steps', '0'], '--steps: expected a whole number of at least 1, got 0'],
    [['--lr', '-1'], '--lr: expected a finite number above 0, got -1'],
    [['--momentum', '0.9'], '--momentum: it belongs to sgd, got the optimizer adam'],
    [['--batch-size', '49'], 'batch size: expected at most 48'],
    [['--device', 'tpu'], '--device[0]: expected one of cpu, cuda'],
  ])('%j', async (options, message) => {
    const { status, stderr } = await cli('compare', '--data', data, '--out', tempFolder(), ...options);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  test('a place that cannot be written to is refused before the training', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    const { status, stderr } = await cli('compare', ...quick, '--out', join(file, 'x.svg'));
    expect(status).toBe(2);
    expect(stderr).toContain(`cannot write to the folder ${file}`);
  });

  test('images that are too small', async () => {
    const tiny = folderOf(filesOf(squares(20, 2), squares(10, 2)));
    const { status, stderr } = await cli('compare', '--data', tiny, '--depths', '8', '--out', tempFolder());
    expect(status).toBe(2);
    expect(stderr).toContain('imageSize: expected a whole number of at least 3');
  });
});

describe('on a terminal', () => {
  test('a bar shows the network that runs, a row of the table each that is done', async () => {
    const [stdout, stderr] = [Object.assign(new Kept(), { isTTY: true }), new Kept()];
    const interruptible = (): AbortSignal => new AbortController().signal;
    const out = tempFolder();
    const argv = ['compare', ...quick, '--norm', 'none', '--out', out];
    expect(await run(argv, { stdout, stderr, env: {}, interruptible })).toBe(0);
    expect(stdout.text).toContain('1/2  plain-8  is being built');
    expect(stdout.text).toMatch(/2\/2 {2}residual-8 .*loss \d\.\d{4} {2}step \d\/3/);
    expect(stdout.text).toMatch(/^.*residual-8 +7\d,\d{3} /m);
  });

  test.each([40, 80, 200])('its line fits %i columns', (width) => {
    const event = { label: 'residual-56', step: 17, steps: 240, loss: 1.23456 };
    const line = progressLine(event, '4/8', 83, width);
    expect(line.length).toBeLessThanOrEqual(width - 4);
    expect(line).toMatch(/^4\/8 {2}residual-56/);
    if (width >= 80) expect(line).toContain('loss 1.2346  step 17/240  1:23 left');
  });
});

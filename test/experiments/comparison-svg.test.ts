import {
  comparisonSvg,
  layerGradients,
  type ComparedNetwork,
  type Comparison,
  type ParameterGradient,
} from '../../src/experiments/index.js';
import { rowsOf } from '../../src/experiments/panels.js';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { comparisonFiles, writeComparison } from '../../src/experiments/node.js';
import { IoError } from '../../src/errors.js';
import { temporaryFolder } from '../train/tiny.js';

const gradients = (norms: readonly number[]): ParameterGradient[] =>
  norms.flatMap((norm, i) => [
    { name: `conv${i + 1}.weight`, shape: [4, 4, 3, 3], norm },
    { name: `conv${i + 1}.bias`, shape: [4], norm: 1e-9 },
  ]);

const network = (label: string, group: string, change: Partial<ComparedNetwork> = {}): ComparedNetwork => ({
  ...{ label, group, network: label, parameters: 300, finalLoss: 0.5, seconds: 1 },
  device: { chosen: 'cpu', runtime: '1.30.0', threads: 1, rejected: [] },
  lowering: { target: 'portable', reason: 'it was asked for' },
  losses: Array.from({ length: 40 }, (_, i) => 2.3 / (1 + i)),
  gradients: { start: gradients([0.02, 3, 400]), end: gradients([0.1, 0.2, 0.3]) },
  ...change,
});

const comparison = (networks: readonly ComparedNetwork[]): Comparison => ({
  ...{ data: 'tiny/train', classes: 10, networks },
  recipe: { steps: 40, batchSize: 8, learningRate: 0.1, optimizer: { kind: 'sgd', momentum: 0.9 }, seed: 0 },
});

const four = comparison([
  network('plain', 'with batch norm'),
  network('residual', 'with batch norm'),
  network('plain', 'without batch norm', {
    ...{ losses: [2.3, 5000], divergedAt: 3, finalLoss: Number.NaN },
    gradients: { start: gradients([1, 10, 100]), end: gradients([0, Number.NaN, Number.NaN]) },
  }),
  network('residual', 'without batch norm', { losses: [900, 3, 2] }),
]);

describe('the panels of a comparison', () => {
  const [normed, bare] = rowsOf(four);

  test('are loss, gradients at the start and at the end, for each group', () => {
    expect(rowsOf(four).map(({ group }) => group)).toEqual(['with batch norm', 'without batch norm']);
    expect(normed?.panels.map(({ title }) => title)).toEqual([
      'Training loss',
      'Gradient of each layer, before step 1',
      'Gradient of each layer, after step 40',
    ]);
  });

  test('show a moving mean of the losses, at the last of its steps', () => {
    const [line] = normed?.panels[0]?.lines ?? [];
    expect(line?.points).toHaveLength(39);
    expect(line?.points[0]).toEqual([2, (2.3 + 1.15) / 2]);
    expect(normed?.panels[0]?.yName).toBe('nats, mean of 2 steps');
    expect(normed?.panels[0]?.level?.y).toBe(Math.log(10));
  });

  test('show the weights of layers only, by depth, on one logarithmic scale for all', () => {
    const start = normed?.panels[1];
    expect(start?.lines[0]?.points.map(([x]) => x)).toEqual([1, 2, 3]);
    expect(start?.lines[0]?.points[2]?.[1]).toBeCloseTo(Math.log10(400), 12);
    expect(new Set(rowsOf(four).flatMap(({ panels }) => panels.slice(1).map(({ y }) => y.join())))).toEqual(
      new Set(['-2,3']),
    );
    expect(layerGradients(gradients([1, 2])).map(({ name }) => name)).toEqual([
      'conv1.weight',
      'conv2.weight',
    ]);
  });

  test('say what no line can show', () => {
    const [loss, start, end] = bare?.panels ?? [];
    expect(loss?.note).toBe('plain: NaN at step 3, residual: up to 9.0e2');
    expect(start?.note).toBe('');
    expect(end?.note).toBe('plain: 0 or NaN');
    expect(end?.lines[0]?.points).toEqual([]);
  });
});

describe('the picture', () => {
  test('is well-formed SVG on white with every line, name and note', async () => {
    const svg = await comparisonSvg(four);
    // librsvg refuses what is not well-formed.
    const { format, width } = await sharp(Buffer.from(svg)).metadata();
    expect([format, width]).toEqual(['svg', 1320]);
    expect(svg).toMatch(/<rect width="1320" height="\d+"[^>]* fill="#ffffff"/);
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    for (const text of [
      ...['SGD, momentum 0.9, learning rate 0.1, batches of 8 from tiny/train', 'plain', 'residual'],
      ...['With batch norm', 'Without batch norm', 'Training loss', 'guessing', 'step', '10⁻²', '10³'],
      ...['layer, from input to output', 'gradient norm (L2)', 'plain: 0 or NaN'],
    ]) {
      expect(texts, text).toContain(text);
    }
    // Two groups of three panels with two networks each, less the one without finite gradients at the end.
    const lines = [...svg.matchAll(/<path d="M[^>]*stroke="(#f59e0b|#b91c1c)" stroke-width="2.5"/g)];
    expect(lines).toHaveLength(11);
  });

  test('without groups has one row, and a title of your own', async () => {
    const networks = ['a', 'b'].map((label) => {
      const { group: _, ...rest } = network(label, '');
      return rest;
    });
    const svg = await comparisonSvg(comparison(networks), { title: 'Mine < yours' });
    expect(svg).toContain('Mine &lt; yours');
    expect(rowsOf(comparison(networks))).toHaveLength(1);
    const heights = [svg, await comparisonSvg(four)].map((text) => Number(/height="(\d+)"/.exec(text)?.[1]));
    expect(heights[0]).toBeLessThan((heights[1] ?? 0) * 0.6);
  });
});

describe('the files', () => {
  test.each([
    ['runs/a', { svg: 'runs/a/compare.svg', json: 'runs/a/compare.json' }],
    ['docs/compare.svg', { svg: 'docs/compare.svg', json: 'docs/compare.json' }],
    ['b.png', { svg: 'b.svg', json: 'b.json', png: 'b.png' }],
  ])('of %s', (out, files) => {
    expect(comparisonFiles(out)).toEqual(files);
  });

  test('hold the picture and all numbers; what is not finite is null', async () => {
    const { svg, json, png } = await writeComparison(four, join(temporaryFolder(), 'new', 'c.png'));
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg /);
    expect((await sharp(readFileSync(png ?? '')).metadata()).width).toBe(2640);
    const { format, ...saved } = JSON.parse(readFileSync(json, 'utf8')) as Comparison & { format: string };
    expect(format).toBe('ort-train-compare/1');
    expect(saved.recipe).toEqual(four.recipe);
    expect(saved.networks[0]?.losses[6]).toBe(Number((2.3 / 7).toPrecision(9)));
    expect(saved.networks[2]).toMatchObject({ divergedAt: 3, finalLoss: null });
    expect(saved.networks[2]?.gradients.end.map(({ norm }) => norm)).toEqual([
      0,
      1e-9,
      null,
      1e-9,
      null,
      1e-9,
    ]);
  });

  test('a place that cannot be written to is an error', async () => {
    const file = join(temporaryFolder(), 'c.svg');
    await writeComparison(four, file);
    await expect(writeComparison(four, join(file, 'x'))).rejects.toThrow(IoError);
    expect(existsSync(join(file, 'x'))).toBe(false);
  });
});

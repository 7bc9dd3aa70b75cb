import { describe, expect, test } from 'vitest';
import { chain, defineNetwork, dropout, flatten, identity, linear, relu } from '../../src/net/index.js';
import { OptionError } from '../../src/errors.js';
import { Builder } from '../../src/ops/index.js';
import { loadOrt, runOrt } from '../helpers/ort.js';
import { ndarray } from '../reference/array.js';
import { evaluate } from '../reference/evaluate.js';
import { feedsFor, graphOf } from './helpers.js';

const shape = [64, 8, 9, 5];
const size = 64 * 8 * 9 * 5;
const x = ndarray(shape, new Float64Array(size).fill(1));

function maskGraph(ratio: number, seed: number): ReturnType<Builder['finish']> {
  const b = new Builder();
  const input = b.input('x', 'float32', ['N', 8, 9, 5]);
  const mask = b.dropoutMask(input, b.input('step', 'int32', []), { ratio, seed });
  return b.finish('mask', [{ name: 'mask', value: mask }]);
}

async function masks(ratio: number, seed: number, steps: readonly number[]): Promise<Float64Array[]> {
  const graph = await loadOrt(maskGraph(ratio, seed));
  const found: Float64Array[] = [];
  for (const step of steps) {
    const { mask } = await graph.run({ x, step: ndarray([], [step]) });
    if (mask !== undefined) found.push(mask.data);
  }
  await graph.dispose();
  return found;
}

/** Share of zeros. */
const zerosIn = (mask: Float64Array): number => mask.filter((v) => v === 0).length / mask.length;

/** Correlation of two masks with the same ratio. */
function correlation(a: Float64Array, b: Float64Array, ratio: number): number {
  const both = a.reduce((sum, v, i) => sum + (v === 0 && b[i] === 0 ? 1 : 0), 0) / a.length;
  return (both - ratio ** 2) / (ratio * (1 - ratio));
}

describe('the mask', () => {
  test('is the same in ONNX Runtime and in the reference', async () => {
    for (const [seed, step] of [
      [0, 1],
      [-123456789, 7],
      [2 ** 31 - 1, 100_000],
    ] as const) {
      const feeds = { x, step: ndarray([], [step]) };
      const graph = maskGraph(0.3, seed);
      const expected = evaluate(graph, feeds)['mask']?.data.map(Math.fround);
      expect((await runOrt(graph, feeds))['mask']?.data).toEqual(expected);
    }
  });

  // The share of zeros among n has the deviation sqrt(p (1 - p) / n), a correlation 1 / sqrt n: five of them are allowed.
  test.each([0.1, 0.5, 0.9])('zeroes a share of %d', async (ratio) => {
    for (const mask of await masks(ratio, 11, [1, 2, 3])) {
      expect(Math.abs(zerosIn(mask) - ratio)).toBeLessThan(5 * Math.sqrt((ratio * (1 - ratio)) / size));
      expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / (1 - ratio))]));
    }
  });

  test('is another one at each step and for each seed, and no pattern in itself', async () => {
    const [one, two, far] = await masks(0.5, 3, [1, 2, 1001]);
    const [other] = await masks(0.5, 4, [1]);
    if (!one || !two || !far || !other) throw new TypeError('no masks');
    const close = 5 / Math.sqrt(size);
    for (const mask of [two, far, other]) expect(Math.abs(correlation(one, mask, 0.5))).toBeLessThan(close);
    for (const lag of [1, 2, 5, 45, 64, 256, 360]) {
      const shifted = Float64Array.from(one, (_, i) => one[(i + lag) % size] ?? 0);
      expect(Math.abs(correlation(one, shifted, 0.5)), `lag ${lag}`).toBeLessThan(close);
    }
  });
});

describe('the layer', () => {
  const network = defineNetwork({
    name: 'dropped',
    input: [1, 4, 8],
    classes: 2,
    net: chain(flatten(), dropout(0.5), relu(), dropout(0.25), linear(2, { name: 'fc' })),
  });

  test('is the identity in evaluation and with p = 0', () => {
    expect(graphOf(network, false).nodes.map(({ op }) => op.name)).toEqual(['Reshape', 'Relu', 'Gemm']);
    const net = chain(flatten(), dropout(0), identity(), linear(2));
    const none = defineNetwork({ name: 'none', input: [1, 4, 8], classes: 2, net });
    expect(graphOf(none, true).nodes.some(({ op }) => op.name === 'DropoutMask')).toBe(false);
  });

  test('gives each layer its own mask', () => {
    const graph = graphOf(network, true);
    const seeds = graph.nodes.filter(({ op }) => op.name === 'DropoutMask').map(({ attrs }) => attrs['seed']);
    expect(new Set(seeds).size).toBe(2);
  });

  test('is reproducible from the step', async () => {
    const graph = graphOf(network, true);
    const at = async (step: number): Promise<unknown> => (await runOrt(graph, feedsFor(graph, 3, step)))['y'];
    expect(await at(5)).toEqual(await at(5));
    expect(await at(5)).not.toEqual(await at(6));
  });

  test('refuses options out of range', () => {
    expect(() => dropout(1)).toThrow('dropout: p: expected a number in [0, 1), got 1');
    expect(() => dropout(0.5, { seed: 0.5 })).toThrow(OptionError);
  });
});

import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/ir/index.js';
import { lowerWasm } from '../../src/lower/wasm/index.js';
import type { ConvAttrs, PoolAttrs } from '../../src/ops/index.js';
import { bothForms, difference, randomFeeds, withGradients, type Arrays } from './helpers.js';

const conv = (k: number): ConvAttrs => ({
  ...{ kernel_shape: [k, k], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 },
});
const tiled = (h: number, w: number): PoolAttrs => ({
  kernel_shape: [h, w],
  strides: [h, w],
  pads: [0, 0, 0, 0],
});

/** Few different numbers, so that most windows have several maxima. */
function coarse(feeds: Arrays): Arrays {
  return { ...feeds, x: feeds['x']?.map((v) => Math.round(2 * v)) ?? new Float32Array() };
}

/** The identity as a 1x1 convolution: numbers pass unchanged, ties stay ties. */
function identityWeight(channels: number): Float32Array {
  return Float32Array.from({ length: channels * channels }, (_, i) => (i % (channels + 1) === 0 ? 1 : 0));
}

/** relu(maxpool(conv(x) + bias)), x an image of another layer or the network's input. */
function graphOf(
  [c, k]: readonly [number, number],
  size: readonly [number, number],
  kernel: number,
  pool: PoolAttrs,
  first = false,
): Graph {
  return withGradients('pooled', (b) => {
    const x = b.input('x', 'float32', ['N', c, ...size]);
    const w = b.input('w', 'float32', [k, c, kernel, kernel]);
    const bias = b.input('bias', 'float32', [k]);
    const y = b.relu(b.maxPool(b.conv(first ? x : b.relu(x), w, bias, conv(kernel)), pool)[0]);
    return { y, wrt: first ? { w, bias } : { x, w, bias } };
  });
}

const formsOf = (graph: Graph, op: string): readonly string[] =>
  lowerWasm(graph, { batch: 16 }).report.flatMap((node) => (node.op === op ? [node.form] : []));

describe('max-pooling for wasm', () => {
  it.each([
    { title: '2x2', size: [8, 6] as const, pool: tiled(2, 2) },
    { title: '2x2, a row and a column left over', size: [7, 5] as const, pool: tiled(2, 2) },
    { title: '1x3', size: [4, 9] as const, pool: tiled(1, 3) },
    { title: '4x1, rows left over', size: [11, 3] as const, pool: tiled(4, 1) },
  ])('$title: the first maximum gets the gradient', async ({ size, pool }) => {
    const graph = graphOf([8, 8], size, 1, pool);
    expect(formsOf(graph, 'MaxPool')).toEqual(['hwcn']);
    expect(formsOf(graph, 'MaxPoolGrad')).toEqual(['hwcn']);
    const feeds = { ...coarse(randomFeeds(graph, 16, 5)), w: identityWeight(8) };
    const { portable, lowered } = await bothForms(graph, lowerWasm(graph, { batch: 16 }), 16, feeds);
    expect(difference(lowered['y'], portable['y'])).toBe(0);
    expect(difference(lowered['d_x'], portable['d_x'])).toBe(0);
    // Sums of up to 16 x 48 products in another order.
    expect(difference(lowered['d_w'], portable['d_w'])).toBeLessThan(1e-6);
    expect(difference(lowered['d_bias'], portable['d_bias'])).toBeLessThan(1e-6);
  });

  it.each([
    { title: 'a row and a column that no window has', size: [5, 5] as const },
    { title: 'a window of nine', size: [8, 11] as const, pool: tiled(3, 3) },
  ])('after a convolution, $title', async ({ size, pool = tiled(2, 2) }) => {
    const graph = graphOf([32, 32], size, 3, pool);
    const lowering = lowerWasm(graph, { batch: 16 });
    const { portable, lowered } = await bothForms(graph, lowering, 16, randomFeeds(graph, 16, 5));
    for (const name of Object.keys(portable)) {
      // Sums of up to 16 x 27 x 26 products in another order. No two numbers of a window are so near that rounding decides.
      expect(difference(lowered[name], portable[name]), name).toBeLessThan(1e-5);
    }
  });

  it('of a first layer, place by place', async () => {
    const graph = graphOf([1, 16], [12, 13], 5, tiled(2, 2), true);
    expect(formsOf(graph, 'Conv')).toEqual(['patches']);
    const { portable, lowered } = await bothForms(
      graph,
      lowerWasm(graph, { batch: 16 }),
      16,
      coarse(randomFeeds(graph, 16, 5)),
    );
    for (const name of Object.keys(portable)) {
      expect(difference(lowered[name], portable[name]), name).toBeLessThan(1e-5);
    }
  });

  it.each<{ readonly title: string; readonly size: readonly [number, number]; readonly pool: PoolAttrs }>([
    {
      title: 'with gaps and padding on two rows',
      size: [2, 5],
      pool: { kernel_shape: [2, 2], strides: [3, 3], pads: [1, 1, 1, 1] },
    },
    { title: 'side by side and dilated', size: [8, 8], pool: { ...tiled(2, 2), dilations: [2, 2] } },
    { title: 'rounded up', size: [7, 9], pool: { ...tiled(2, 2), ceil_mode: 1 } },
  ])('keeps windows $title', async ({ size, pool }) => {
    const graph = graphOf([8, 8], size, 1, pool);
    expect(formsOf(graph, 'MaxPool')).toEqual(['portable']);
    const feeds = { ...coarse(randomFeeds(graph, 16, 5)), w: identityWeight(8) };
    const { portable, lowered } = await bothForms(graph, lowerWasm(graph, { batch: 16 }), 16, feeds);
    for (const name of Object.keys(portable)) {
      // Sums of up to 16 x 64 products in another order.
      expect(difference(lowered[name], portable[name]), name).toBeLessThan(1e-6);
    }
  });

  it('keeps windows that overlap', async () => {
    const pool: PoolAttrs = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
    const graph = graphOf([32, 32], [12, 12], 3, pool);
    expect(formsOf(graph, 'MaxPool')).toEqual(['portable']);
    const { portable, lowered } = await bothForms(
      graph,
      lowerWasm(graph, { batch: 16 }),
      16,
      randomFeeds(graph, 16, 5),
    );
    for (const name of Object.keys(portable)) {
      expect(difference(lowered[name], portable[name]), name).toBeLessThan(1e-5);
    }
  });
});

import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/ir/index.js';
import { lowerWasm } from '../../src/lower/wasm/index.js';
import type { ConvAttrs } from '../../src/ops/index.js';
import { bothForms, difference, randomFeeds, withGradients } from './helpers.js';

interface Case {
  readonly title: string;
  readonly batch: number;
  readonly channels: readonly [number, number];
  readonly size: readonly [number, number];
  readonly attrs: { readonly k: number; readonly p?: number; readonly s?: number };
  readonly form: string;
}

const cases: readonly Case[] = [
  { title: '1x1', batch: 16, channels: [24, 32], size: [5, 6], attrs: { k: 1 }, form: 'point' },
  {
    title: '1x1 with stride 2',
    batch: 16,
    channels: [24, 32],
    size: [7, 8],
    attrs: { k: 1, s: 2 },
    form: 'point',
  },
  {
    title: 'single pixels: all taps but one are dead',
    ...{ batch: 16, channels: [32, 30], size: [1, 1], attrs: { k: 5, p: 2 }, form: 'point' },
  },
  {
    title: '1x1 of a batch of 5',
    ...{ batch: 5, channels: [16, 48], size: [7, 6], attrs: { k: 1 }, form: 'portable' },
  },
  {
    title: '5x5 with padding, as in the tutorial',
    ...{ batch: 16, channels: [32, 30], size: [12, 12], attrs: { k: 5, p: 2 }, form: 'portable' },
  },
  {
    title: 'few pixels: some taps are dead',
    ...{ batch: 16, channels: [32, 16], size: [2, 3], attrs: { k: 7, p: 3 }, form: 'portable' },
  },
];

/** One convolution with a bias, and its three gradients. */
function graphOf(
  { channels: [c, k], size, attrs: { k: kernel, p = 0, s = 1 } }: Case,
  first: boolean,
): Graph {
  const attrs: ConvAttrs = {
    ...{ kernel_shape: [kernel, kernel], strides: [s, s], dilations: [1, 1], pads: [p, p, p, p], group: 1 },
  };
  return withGradients('one-conv', (b) => {
    const x = b.input('x', 'float32', ['N', c, ...size]);
    const w = b.input('w', 'float32', [k, c, kernel, kernel]);
    const bias = b.input('bias', 'float32', [k]);
    const y = b.conv(first ? x : b.relu(x), w, bias, attrs);
    return { y, wrt: first ? { w, bias } : { x, w, bias } };
  });
}

async function check(each: Case, graph: Graph): Promise<void> {
  const { form } = each;
  const lowering = lowerWasm(graph, { batch: each.batch });
  const convs = lowering.report.filter(({ op }) => op.startsWith('Conv'));
  expect(convs.map((node) => node.form)).toEqual(convs.map(() => form));
  const { portable, lowered } = await bothForms(
    graph,
    lowering,
    each.batch,
    randomFeeds(graph, each.batch, 3),
  );
  for (const name of Object.keys(portable)) {
    // Sums of up to 16 x 32 x 32 products in another order; float32 has 2^-24 = 6e-8, and rounding walks 128 times that.
    expect(difference(lowered[name], portable[name]), `${form}: ${name}`).toBeLessThan(1e-5);
  }
}

describe('convolutions for wasm', () => {
  it.each(cases)('$title: $form', async (each) => {
    await check(each, graphOf(each, false));
  });

  it.each([
    { title: 'one channel', channels: [1, 16] as const, k: 5, p: 0, s: 1 },
    { title: 'three channels with padding', channels: [3, 16] as const, k: 3, p: 1, s: 1 },
    { title: 'three channels with stride 2', channels: [3, 8] as const, k: 7, p: 3, s: 2 },
  ])('first layers, $title: patches', async ({ channels, k, p, s }) => {
    const each = {
      title: '',
      batch: 16,
      channels,
      size: [14, 13],
      attrs: { k, p, s },
      form: 'patches',
    } as const;
    await check(each, graphOf(each, true));
  });

  it('leaves convolutions in groups as they are', async () => {
    const attrs: ConvAttrs = {
      ...{ kernel_shape: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], group: 4 },
    };
    const graph = withGradients('grouped', (b) => {
      const x = b.input('x', 'float32', ['N', 32, 8, 8]);
      const w = b.input('w', 'float32', [32, 8, 3, 3]);
      return { y: b.conv(b.relu(x), w, undefined, attrs), wrt: { x, w } };
    });
    const lowering = lowerWasm(graph, { batch: 16 });
    expect(lowering.report.map(({ form }) => form)).toEqual(['portable', 'portable', 'portable']);
    const { portable, lowered } = await bothForms(graph, lowering, 16, randomFeeds(graph, 16, 3));
    expect(lowered).toEqual(portable);
  });
});

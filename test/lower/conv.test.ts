import { describe, expect, it } from 'vitest';
import type { ConvAttrs } from '../../src/ops/index.js';
import { blockSize, both, difference, randomFeeds, withGradients } from './helpers.js';

interface Case {
  readonly title: string;
  readonly batch: number;
  readonly channels: readonly [number, number, number];
  readonly size: readonly [number, number];
  readonly attrs: Partial<ConvAttrs> & { readonly k: number; readonly p?: number; readonly s?: number };
}

const cases: readonly Case[] = [
  { title: '3x3 with padding', batch: 16, channels: [16, 32, 16], size: [6, 7], attrs: { k: 3, p: 1 } },
  {
    title: '5x5, channels that fill no block',
    batch: 16,
    channels: [20, 30, 18],
    size: [12, 12],
    attrs: { k: 5, p: 2 },
  },
  {
    title: 'batch that fills no block',
    batch: 3,
    channels: [32, 16, 40],
    size: [5, 5],
    attrs: { k: 3, p: 1 },
  },
  { title: 'without padding', batch: 32, channels: [16, 16, 32], size: [9, 8], attrs: { k: 3 } },
  {
    title: 'single pixels: all taps but one are dead',
    batch: 16,
    channels: [32, 30, 32],
    size: [1, 1],
    attrs: { k: 5, p: 2 },
  },
  {
    title: 'few pixels: some taps are dead',
    batch: 16,
    channels: [16, 16, 16],
    size: [2, 3],
    attrs: { k: 7, p: 3 },
  },
  { title: '1x1', batch: 16, channels: [48, 16, 32], size: [4, 6], attrs: { k: 1 } },
  { title: 'stride 2, even', batch: 16, channels: [16, 32, 16], size: [8, 8], attrs: { k: 3, p: 1, s: 2 } },
  { title: 'stride 2, odd', batch: 16, channels: [16, 32, 16], size: [9, 7], attrs: { k: 3, p: 1, s: 2 } },
  {
    title: 'stride 2, rows left over',
    batch: 16,
    channels: [16, 16, 16],
    size: [12, 10],
    attrs: { k: 3, s: 2 },
  },
  { title: 'stride 2, 1x1', batch: 16, channels: [16, 32, 64], size: [9, 8], attrs: { k: 1, s: 2 } },
  {
    title: '7x7 with stride 2 on few channels',
    batch: 16,
    channels: [3, 16, 20],
    size: [17, 16],
    attrs: { k: 7, p: 3, s: 2 },
  },
  { title: 'few channels', batch: 16, channels: [1, 30, 16], size: [10, 11], attrs: { k: 5 } },
  { title: 'groups', batch: 16, channels: [16, 32, 16], size: [6, 6], attrs: { k: 3, p: 1, group: 4 } },
  {
    title: 'dilation',
    batch: 16,
    channels: [16, 32, 16],
    size: [9, 9],
    attrs: { k: 3, p: 2, dilations: [2, 2] },
  },
  {
    title: 'more padding than kernel',
    batch: 16,
    channels: [16, 16, 16],
    size: [4, 4],
    attrs: { k: 1, p: 1 },
  },
];

// Sums of up to 64 x 25 x 144 products in another order; float32 has 2^-24 = 6e-8.
const TOLERANCE = 3e-6;

describe.skipIf(blockSize === undefined)('lowered convolutions', () => {
  it.each(cases)('$title', async ({ batch, channels: [a, c, d], size, attrs }) => {
    const { k, p = 0, s = 1, dilations = [1, 1], group = 1 } = attrs;
    const conv: ConvAttrs = { kernel_shape: [k, k], strides: [s, s], pads: [p, p, p, p], dilations, group };
    const graph = withGradients('two-convs', (b) => {
      const x = b.input('x', 'float32', ['N', a, ...size]);
      const w1 = b.input('w1', 'float32', [c, a / group, k, k]);
      const b1 = b.input('b1', 'float32', [c]);
      const w2 = b.input('w2', 'float32', [d, c, 1, 1]);
      const one: ConvAttrs = {
        kernel_shape: [1, 1],
        strides: [1, 1],
        pads: [0, 0, 0, 0],
        dilations: [1, 1],
        group: 1,
      };
      const y = b.conv(b.relu(b.conv(x, w1, b1, conv)), w2, undefined, one);
      return { y, wrt: a < 16 ? { w1, b1, w2 } : { x, w1, b1, w2 } };
    });
    const { portable, lowered } = await both(graph, batch, randomFeeds(graph, batch, 7));
    for (const name of Object.keys(portable)) {
      expect(difference(lowered[name], portable[name]), name).toBeLessThan(TOLERANCE);
    }
  });

  it('adds the shortcut and the ReLU inside the convolution', async () => {
    const graph = withGradients('residual', (b) => {
      const x = b.input('x', 'float32', ['N', 32, 6, 6]);
      const w1 = b.input('w1', 'float32', [20, 32, 3, 3]);
      const w2 = b.input('w2', 'float32', [32, 20, 3, 3]);
      const same: ConvAttrs = {
        kernel_shape: [3, 3],
        strides: [1, 1],
        pads: [1, 1, 1, 1],
        dilations: [1, 1],
        group: 1,
      };
      const y = b.relu(b.add(b.conv(b.conv(x, w1, undefined, same), w2, undefined, same), x));
      return { y, wrt: { x, w1, w2 } };
    });
    const { portable, lowered, lowering } = await both(graph, 16, randomFeeds(graph, 16, 3));
    for (const name of Object.keys(portable)) {
      expect(difference(lowered[name], portable[name]), name).toBeLessThan(TOLERANCE);
    }
    const names = lowering.graph.nodes.map(({ op }) => op.name);
    expect(names).not.toContain('Relu');
    expect(lowering.graph.nodes.filter(({ inputs }) => inputs.length === 4)).toHaveLength(2);
  });
});

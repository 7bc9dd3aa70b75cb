import { describe, expect, it } from 'vitest';
import type { ConvAttrs, PoolAttrs } from '../../src/ops/index.js';
import { blockSize, both, difference, randomFeeds, withGradients, type Arrays } from './helpers.js';

const one: ConvAttrs = {
  kernel_shape: [1, 1],
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  group: 1,
};
const tiled = (k: number): PoolAttrs => ({ kernel_shape: [k, k], strides: [k, k], pads: [0, 0, 0, 0] });

/** Few different numbers, so that most windows have several maxima. */
function coarse(feeds: Arrays): Arrays {
  return { ...feeds, x: feeds['x']?.map((v) => Math.round(v)) ?? new Float32Array() };
}

/** The identity as a 1x1 convolution: numbers pass unchanged, ties stay ties. */
function identityWeight(channels: number): Float32Array {
  return Float32Array.from({ length: channels * channels }, (_, i) => (i % (channels + 1) === 0 ? 1 : 0));
}

describe.skipIf(blockSize === undefined)('lowered max-pooling', () => {
  it.each([
    { title: '2x2', k: 2, size: [8, 6] as const, channels: 16 },
    { title: '2x2, a row and a column left over', k: 2, size: [7, 5] as const, channels: 16 },
    { title: '3x3', k: 3, size: [9, 7] as const, channels: 32 },
    { title: 'channels that fill no block', k: 2, size: [4, 4] as const, channels: 20 },
  ])('$title: the first maximum gets the gradient', async ({ k, size, channels }) => {
    const graph = withGradients('pooled', (b) => {
      const x = b.input('x', 'float32', ['N', channels, ...size]);
      const w = b.input('w', 'float32', [channels, channels, 1, 1]);
      const y = b.maxPool(b.conv(x, w, undefined, one), tiled(k))[0];
      return { y, wrt: { x, w } };
    });
    const feeds = { ...coarse(randomFeeds(graph, 4, 5)), w: identityWeight(channels) };
    const { portable, lowered } = await both(graph, 4, feeds);
    expect(lowered['y']).toEqual(portable['y']);
    expect(lowered['d_x']).toEqual(portable['d_x']);
    // Sums of 4 x 48 products in another order.
    expect(difference(lowered['d_w'], portable['d_w'])).toBeLessThan(1e-6);
  });

  it.each([
    { title: 'padded on all sides', after: 1, size: [8, 12] as const, channels: 16 },
    { title: 'padded in front', after: 0, size: [6, 4] as const, channels: 32 },
    { title: 'channels that fill no block', after: 1, size: [4, 4] as const, channels: 20 },
    { title: 'an odd number of rows: the portable form', after: 1, size: [7, 8] as const, channels: 16 },
  ])(
    'windows that overlap, $title: the first maximum gets the gradient',
    async ({ after, size, channels }) => {
      const attrs: PoolAttrs = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, after, after] };
      const graph = withGradients('overlapping', (b) => {
        const x = b.input('x', 'float32', ['N', channels, ...size]);
        const w = b.input('w', 'float32', [channels, channels, 1, 1]);
        const y = b.maxPool(b.conv(x, w, undefined, one), attrs)[0];
        return { y, wrt: { x, w } };
      });
      // Negative numbers as well: what is beside the image is less than all of them.
      const feeds = { ...coarse(randomFeeds(graph, 4, 5)), w: identityWeight(channels) };
      const { portable, lowered, lowering } = await both(graph, 4, feeds);
      expect(lowered['y']).toEqual(portable['y']);
      // A pixel gets what up to four windows give, added in another order.
      expect(difference(lowered['d_x'], portable['d_x'])).toBeLessThan(1e-6);
      expect(difference(lowered['d_w'], portable['d_w'])).toBeLessThan(1e-6);
      const isPortable = lowering.graph.nodes.some(({ op }) => op.name === 'ScatterElements');
      expect(isPortable).toBe(size[0] % 2 === 1);
    },
  );

  it.each<{ readonly title: string; readonly size: readonly [number, number]; readonly pool: PoolAttrs }>([
    {
      title: 'stride 3, padded, on two rows',
      size: [2, 5],
      pool: { kernel_shape: [2, 2], strides: [3, 3], pads: [1, 1, 1, 1] },
    },
    { title: 'windows side by side, dilated', size: [8, 8], pool: { ...tiled(2), dilations: [2, 2] } },
    {
      title: 'three by three every two pixels, dilated',
      size: [8, 8],
      pool: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], dilations: [2, 2] },
    },
    { title: 'rounded up', size: [7, 9], pool: { ...tiled(2), ceil_mode: 1 } },
  ])('$title: the portable form', async ({ size, pool }) => {
    const graph = withGradients('other-windows', (b) => {
      const x = b.input('x', 'float32', ['N', 16, ...size]);
      const w = b.input('w', 'float32', [16, 16, 1, 1]);
      return { y: b.maxPool(b.conv(x, w, undefined, one), pool)[0], wrt: { x, w } };
    });
    const feeds = { ...coarse(randomFeeds(graph, 4, 5)), w: identityWeight(16) };
    const { portable, lowered, lowering } = await both(graph, 4, feeds);
    expect(lowered['y']).toEqual(portable['y']);
    // A pixel gets what up to four windows give, added in another order.
    expect(difference(lowered['d_x'], portable['d_x'])).toBeLessThan(1e-6);
    expect(difference(lowered['d_w'], portable['d_w'])).toBeLessThan(1e-6);
    expect(lowering.report.find(({ op }) => op === 'MaxPoolGrad')?.form).toBe('portable');
  });

  it('ReLU after pooling moves before it', async () => {
    const graph = withGradients('pooled-relu', (b) => {
      const x = b.input('x', 'float32', ['N', 16, 6, 6]);
      const w = b.input('w', 'float32', [16, 16, 1, 1]);
      const y = b.relu(b.maxPool(b.conv(x, w, undefined, one), tiled(2))[0]);
      return { y, wrt: { x, w } };
    });
    const feeds = { ...coarse(randomFeeds(graph, 4, 5)), w: identityWeight(16) };
    const { portable, lowered, lowering } = await both(graph, 4, feeds);
    expect(lowered['y']).toEqual(portable['y']);
    expect(lowered['d_x']).toEqual(portable['d_x']);
    expect(lowering.graph.nodes.map(({ op }) => op.name)).not.toContain('Relu');
  });

  it.each([
    { title: 'convolution, 2x2 pooling, ReLU', relu: true, size: [13, 12] as const, padding: 0 },
    { title: 'with padding, without ReLU', relu: false, size: [8, 9] as const, padding: 2 },
  ])('the first layer, in places: $title', async ({ relu, size, padding: p }) => {
    const graph = withGradients('first-layer', (b) => {
      const x = b.input('x', 'float32', ['N', 1, ...size]);
      const w = b.input('w', 'float32', [20, 1, 5, 5]);
      const bias = b.input('bias', 'float32', [20]);
      const conv = b.conv(x, w, bias, { ...one, kernel_shape: [5, 5], pads: [p, p, p, p] });
      const pooled = b.maxPool(conv, tiled(2))[0];
      return { y: relu ? b.relu(pooled) : pooled, wrt: { w, bias } };
    });
    const feeds = coarse(randomFeeds(graph, 16, 2));
    const zeros = { ...feeds, x: feeds['x']?.map((v) => Math.max(v, 0)) ?? new Float32Array() };
    const { portable, lowered } = await both(graph, 16, zeros);
    for (const name of Object.keys(portable)) {
      // Sums of 16 x 16 products in another order; ties are as many as on MNIST, a wrong one would show in full.
      expect(difference(lowered[name], portable[name]), name).toBeLessThan(2e-6);
    }
  });
});

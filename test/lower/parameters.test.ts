import { describe, it } from 'vitest';
import { buildGraph } from '../../src/program/index.js';
import type { Value } from '../../src/ir/index.js';
import {
  chain,
  constantInit,
  conv,
  defineNetwork,
  globalAveragePool,
  linear,
  relu,
  type LayerContext,
  type Net,
} from '../../src/net/index.js';
import { blockSize, both } from './helpers.js';
import { cpuLayout, expectSameStep, feedsOf } from './network-feeds.js';

/** x op p, p a parameter of one of the shapes that broadcast over images. */
const perChannel = (op: 'mul' | 'add', shape: (channels: number) => readonly number[]): Net => ({
  kind: 'affine',
  label: op,
  children: [],
  build: (c: LayerContext, x: Value) =>
    c.layer('affine', undefined, () =>
      c.b[op](x, c.parameter('weight', shape(Number(x.shape[1])), constantInit(0.75))),
    ),
});

describe.skipIf(blockSize === undefined)('parameters that broadcast over blocked images', () => {
  it.each([
    { shape: '[C,1,1]', of: (c: number) => [c, 1, 1] },
    { shape: '[1,C,1,1]', of: (c: number) => [1, c, 1, 1] },
    { shape: '[1]', of: () => [1] },
    { shape: '[]', of: () => [] },
    { shape: '[1,1,6,6]', of: () => [1, 1, 6, 6] },
  ])('$shape', async ({ of }) => {
    const network = defineNetwork({
      name: 'scaled',
      input: [3, 6, 6],
      classes: 4,
      net: chain(
        ...[conv(20, 3, { padding: 1 }), perChannel('mul', of), relu(), conv(16, 3, { padding: 1 })],
        ...[perChannel('add', of), relu(), globalAveragePool(), linear(4)],
      ),
    });
    const graph = buildGraph(network, 'step', { optimizer: { kind: 'adam' } });
    const { portable, lowered } = await both(graph, 8, feedsOf(network, 8), { layout: cpuLayout(network) });
    // Sums in another order.
    expectSameStep(lowered, portable, 3e-6);
  });
});

import type { TargetState } from '../../src/lower/index.js';
import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../src/program/index.js';
import {
  add,
  batchNorm,
  chain,
  conv,
  defineNetwork,
  globalAveragePool,
  identity,
  linear,
  relu,
  type Net,
  type Network,
} from '../../src/net/index.js';
import type { Graph } from '../../src/ir/index.js';
import { blockSize, both, run, type Arrays } from './helpers.js';
import { cpuLayout, expectSameStep, feedsOf } from './network-feeds.js';

const norm = (channels: number, kernel: number, options: Parameters<typeof conv>[2] = {}): Net =>
  chain(conv(channels, kernel, { bias: false, ...options }), batchNorm());

const inBlock = (width: number, net: Net): Net =>
  chain(add(chain(norm(width, 1), relu(), net, relu(), norm(32, 1)), identity()), relu());

/** Blocks around the convolutions that other networks have. */
const middles: Readonly<Record<string, Net>> = {
  '8 groups of 4': inBlock(32, norm(32, 3, { padding: 1, groups: 8 })),
  '10 groups of 4: the last block is not full': inBlock(40, norm(40, 3, { padding: 1, groups: 10 })),
  '3 groups of 5, with a bias': inBlock(15, conv(15, 3, { padding: 1, groups: 3 })),
  '2 groups of 16': inBlock(32, norm(32, 3, { padding: 1, groups: 2 })),
  'a depthwise convolution': inBlock(24, norm(24, 3, { padding: 1, groups: 24 })),
  'two filters for each channel': inBlock(24, norm(48, 3, { padding: 1, groups: 24 })),
  'a dilated convolution': inBlock(32, norm(32, 3, { padding: 2, dilation: 2 })),
  'groups and a stride': chain(norm(64, 3, { padding: 1, stride: 2, groups: 16 }), relu()),
};

const networkOf = (middle: Net): Network =>
  defineNetwork({
    name: 'grouped',
    input: [3, 8, 8],
    classes: 10,
    net: chain(norm(32, 3, { padding: 1 }), relu(), middle, globalAveragePool(), linear(10)),
  });

/** What a run of the lowered graph gives for a flat vector, as it lies there. */
async function inTarget(
  graph: Graph,
  state: TargetState,
  feeds: Arrays,
  name: string,
): Promise<Float32Array> {
  const given = Object.entries(feeds).flatMap(([key, data]): (readonly [string, Arrays[string]])[] =>
    data instanceof Float32Array
      ? Object.entries(state.tensors(key, state.toTarget(key, data))).map(
          ([piece, tensor]) => [piece, tensor.data as Float32Array] as const,
        )
      : [[key, data]],
  );
  const results = await run(graph, Object.fromEntries(given));
  const pieces: number[] = [];
  for (let i = 0; results[`${name}.${i}`] !== undefined; i++) pieces.push(...(results[`${name}.${i}`] ?? []));
  return Float32Array.from(pieces);
}

// Sums in another order, and batch normalisation over 4 images divides by what is left of them: as in step.test.ts.
const TOLERANCE = 5e-5;

describe.skipIf(blockSize === undefined).each(Object.entries(middles))('a step with %s', (_, middle) => {
  const batch = 4;
  const network = networkOf(middle);
  const graph = buildGraph(network, 'step', { optimizer: { kind: 'adamw', weightDecay: 0.1 } });
  const feeds = feedsOf(network, batch);
  const layout = cpuLayout(network);

  it.each([true, false])('equals the portable step, weights in their layout: %s', async (isLaid) => {
    const options = isLaid ? { layout } : {};
    const { portable, lowered, lowering } = await both(graph, batch, feeds, options);
    expect(lowering.report.filter(({ form }) => form === 'portable')).toEqual([]);
    expectSameStep(lowered, portable, TOLERANCE);
  });

  it('converts the weights there and back, and what fills them up stays zero', async () => {
    const { lowering } = await both(graph, batch, feeds, { layout });
    const params = feeds['params'] as Float32Array;
    const target = layout.toTarget('params', params);
    expect(layout.fromTarget('params', target)).toEqual(params);
    const isOwn = layout.toTarget('params', new Float32Array(params.length).fill(1));
    expect(isOwn.reduce((sum, one) => sum + one, 0)).toBe(params.length);
    for (const name of ['params_next', 'first_moment_next', 'second_moment_next']) {
      const next = await inTarget(lowering.graph, layout, feeds, name);
      expect(next).toHaveLength(target.length);
      expect(
        next.filter((value, i) => isOwn[i] === 0 && value !== 0),
        name,
      ).toHaveLength(0);
      expect(next.some((value) => value !== 0)).toBe(true);
    }
  });
});

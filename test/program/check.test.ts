import { bindDims } from '../../src/lower/index.js';
import { checkLowering, type RunGraph, buildGraph } from '../../src/program/index.js';
import { describe, expect, it } from 'vitest';
import { newArray, staticSize, type Graph, type TensorData } from '../../src/ir/index.js';
import { lowerCpu } from '../../src/lower/cpu/index.js';
import { bandCount } from '../../src/lower/cpu/virtual-batch.js';
import { presetNetwork } from '../../src/models/index.js';
import { fill } from '../helpers/golden.js';
import { blockSize, run } from '../lower/helpers.js';
import { cpuLayout } from '../lower/network-feeds.js';

const batch = 4;

/** Small random numbers for every float input; targets and the like are zero. */
function feedsOf(graph: Graph): Record<string, TensorData> {
  const bound = bindDims(graph, { N: batch });
  return Object.fromEntries(
    bound.inputs.map(({ name, dtype, shape }, i) => {
      const size = staticSize(shape);
      const data =
        dtype === 'float32' ? Float32Array.from(fill(i, size), (v) => v / 10) : newArray(dtype, size);
      if (name === 'step' && data instanceof Float32Array) data[0] = 1;
      if (name === 'second_moment' && data instanceof Float32Array) data.fill(0);
      return [name, { dtype, shape: shape.map(Number), data }];
    }),
  );
}

/** Runs a graph; `spoil` changes its results, as a wrong rewrite would. */
function runner(spoil: (name: string, graph: Graph) => number): RunGraph {
  return async (graph, feeds) => {
    const arrays = Object.entries(feeds).map(([name, { data }]) => [name, data as Float32Array] as const);
    const results = await run(graph, Object.fromEntries(arrays));
    return Object.fromEntries(
      Object.entries(results).map(([name, data]) => {
        data[0] = (data[0] ?? 0) + spoil(name, graph);
        return [name, { dtype: 'float32', shape: [data.length], data }];
      }),
    );
  };
}

const both = (spoil: Parameters<typeof runner>[0]): Parameters<typeof checkLowering>[0] => ({
  portable: runner(spoil),
  lowered: runner(spoil),
});

describe.skipIf(blockSize === undefined)('checkLowering', () => {
  const graph = buildGraph(presetNetwork('mnist-cnn-small'), 'step', { optimizer: { kind: 'adam' } });
  const layout = cpuLayout(presetNetwork('mnist-cnn-small'));
  const lowering = lowerCpu(graph, { blockSize: blockSize ?? 16, batch, layout });

  it('finds a right lowering equal', async () => {
    const report = await checkLowering(
      both(() => 0),
      graph,
      { ...lowering, layout },
      batch,
      feedsOf(graph),
    );
    expect(report.equal).toBe(true);
    expect(Object.keys(report.differences)).toContain('first_moment_next');
  });

  it('finds a wrong number in one output', async () => {
    const spoil = (name: string, { name: kind }: Graph): number =>
      name === 'loss' && kind.endsWith('-cpu') ? 0.1 : 0;
    const report = await checkLowering(both(spoil), graph, { ...lowering, layout }, batch, feedsOf(graph));
    expect(report.equal).toBe(false);
    expect(report.differences['loss']).toBeGreaterThan(1e-3);
  });
});

describe('bandCount', () => {
  it.each([
    { n: 64, out: 12, bands: 1 },
    { n: 8, out: 56, bands: 2 },
    { n: 4, out: 28, bands: 4 },
    // Seven rows in two bands of four: a row of zeros is cheaper than half a block of them.
    { n: 8, out: 7, bands: 2 },
    { n: 1, out: 1, bands: 1 },
  ])('$n images of $out rows: $bands', ({ n, out, bands }) => {
    expect(bandCount(n, out, 16)).toBe(bands);
  });
});

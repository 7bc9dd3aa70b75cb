import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildGraph } from '../../src/program/index.js';
import { nodeRuns, type ProfileEvent } from '../../bench/steps/profile.js';
import { presetNetwork, type PresetName, type PresetOptions } from '../../src/models/index.js';
import { Builder, ops } from '../../src/ops/index.js';
import { layoutFor } from '../../src/program/compile.js';
import { webgpuTarget } from '../../src/program/targets.js';
import { hasWebgpu } from '../helpers/webgpu.js';
import { bothForms, run, withResults } from '../lower/helpers.js';
import { expectSameStep, feedsOf } from '../lower/network-feeds.js';
import { temporaryFolder } from '../train/tiny.js';

interface Case {
  readonly name: PresetName;
  readonly options: PresetOptions;
  readonly batch: number;
  /** How far a gradient may be off, relative to the largest. */
  readonly tolerance: number;
}

// Sums in another order; batch normalisation over few values enlarges the last digits from layer to layer.
const cases: readonly Case[] = [
  { name: 'mnist-cnn', options: {}, batch: 16, tolerance: 3e-6 },
  { name: 'resnet20-cifar', options: {}, batch: 8, tolerance: 2e-4 },
  { name: 'resnet18', options: { imageSize: 64, classes: 10 }, batch: 4, tolerance: 2e-3 },
];

/** The nodes that the profiler saw run, each with its operator and its execution provider. */
function placementIn(folder: string): readonly (readonly [node: string, provider: string])[] {
  const [file, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  const events = JSON.parse(readFileSync(join(folder, file ?? ''), 'utf8')) as readonly ProfileEvent[];
  return nodeRuns(events).map(({ node, operator, provider }) => [`${node} (${operator})`, provider]);
}

describe.skipIf(!(await hasWebgpu()))('the training step for WebGPU', () => {
  test.each(cases)(
    '$name: all of it runs on the GPU, and gives the portable numbers',
    async ({ name, options, batch, tolerance }) => {
      const network = presetNetwork(name, options);
      const adam = { optimizer: { kind: 'adam' } } as const;
      const graph = withResults(buildGraph(network, 'step', adam), (b, resultOf) => {
        const moment = resultOf('first_moment_next');
        return { square: b.reduceSum(b.mul(moment, moment), [0]), largest: b.reduceMax(moment, [0]) };
      });
      const layout = layoutFor(webgpuTarget, network, adam);
      const lowering = webgpuTarget.lower(graph, { batch, layout });
      expect(lowering.graph.inputs.map((input) => input.name)).toContain('first_moment.1');
      const folder = temporaryFolder();
      const { portable, lowered } = await bothForms(graph, lowering, batch, feedsOf(network, batch), {
        device: 'webgpu',
        layout,
        profile: join(folder, 'step'),
      });
      const placed = placementIn(folder);
      expect(placed.length).toBeGreaterThan(100);
      expect(placed.filter(([, provider]) => provider !== 'WebGpuExecutionProvider')).toEqual([]);
      expectSameStep(lowered, portable, tolerance);
      const moment = Float64Array.from(lowered['first_moment_next'] ?? []);
      const square = moment.reduce((sum, value) => sum + value ** 2, 0);
      // Thousands of float32 numbers are added in rows of as many, and each addition rounds by 6e-8.
      expect(Math.abs((lowered['square']?.[0] ?? NaN) / square - 1)).toBeLessThan(1e-5);
      expect(lowered['largest']?.[0]).toBe(moment.reduce((a, b) => Math.max(a, b), -Infinity));
    },
    180_000,
  );

  test('what does not run there is named', async () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [2, 4]);
    const y = b.emit(ops.LogSoftmax, [b.relu(x)], { axis: 1 }, 'on_the_cpu');
    const folder = temporaryFolder();
    const feeds = { x: new Float32Array(8) };
    const graph = b.finish('mixed', [{ name: 'y', value: y }]);
    await run(graph, feeds, { device: 'webgpu', profile: join(folder, 'mixed') });
    const elsewhere = placementIn(folder).filter(([, provider]) => provider !== 'WebGpuExecutionProvider');
    expect(elsewhere.map(([node]) => node)).toContain('on_the_cpu (LogSoftmax)');
  });
});

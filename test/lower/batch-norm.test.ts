import { bindDims, type Lowering } from '../../src/lower/index.js';
import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../src/program/index.js';
import type { Graph } from '../../src/ir/index.js';
import { lowerCpu } from '../../src/lower/cpu/index.js';
import { lowerWasm } from '../../src/lower/wasm/index.js';
import { lowerWebgpu } from '../../src/lower/webgpu/index.js';
import { presetNetwork } from '../../src/models/index.js';
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
} from '../../src/net/index.js';
import { blockSize, both, bothForms } from './helpers.js';
import { expectSameStep, feedsOf } from './network-feeds.js';
import { exactly, normFeeds, normGraph, ratios, rootError, subjects, type Subject } from './norm-digits.js';

interface Form {
  readonly form: string;
  readonly batch: number;
  readonly lower: (graph: Graph, batch: number) => Lowering;
  readonly of: readonly Subject[];
}

const { point, biased, strided, added, rectified, sparse, image } = subjects;
const forms: readonly Form[] = [
  {
    form: 'CPU',
    batch: 8,
    lower: (graph, batch) => lowerCpu(graph, { blockSize: blockSize ?? 16, batch }),
    of: blockSize === undefined ? [] : [point, biased, strided, added, rectified, sparse],
  },
  // Smaller batches stay portable.
  { form: 'wasm', batch: 16, lower: (graph, batch) => lowerWasm(graph, { batch }), of: [point, rectified] },
  // On the CPU, which has no kernel for this form's convolutions: the sums are the same but for the kernels' own.
  { form: 'WebGPU', batch: 8, lower: (graph, batch) => lowerWebgpu(graph, { batch }), of: [image] },
];

/**
 * Errors that are no loss of digits: four roundings of numbers about 1 are 2.4e-7. The gradient of the scale is a sum of
 * 1152 numbers (of 2304 for wasm) of both signs, about sqrt(1152) times smaller than what is added up.
 */
const floors: Readonly<Record<string, number>> = { 'result.dscale': 2e-6 };
const FLOOR = 2.4e-7;

describe('batch normalisation, with a mean 0 to 10,000 deviations from 0', () => {
  const cases = forms.flatMap(({ of, ...form }) => of.map((subject) => ({ ...form, subject, ...subject })));
  it.each(cases)(
    '$form form, of $title: the digits of the portable form',
    async ({ lower, subject, batch }) => {
      const graph = normGraph(subject, batch);
      const lowering = lower(graph, batch);
      const kept = lowering.report.filter(
        ({ op, form }) => op.startsWith('BatchNorm') && form === 'portable',
      );
      expect(kept).toEqual([]);
      for (const ratio of ratios) {
        const feeds = normFeeds(graph, subject, ratio);
        const { portable, lowered } = await bothForms(graph, lowering, batch, feeds);
        for (const [name, exact] of Object.entries(exactly(graph, feeds))) {
          const bound = Math.max(2 * rootError(portable[name], exact), floors[name] ?? FLOOR);
          expect(rootError(lowered[name], exact), `${name} at ${String(ratio)}`).toBeLessThan(bound);
        }
      }
    },
  );
});

describe.skipIf(blockSize === undefined)('batch normalisation in a network, CPU form', () => {
  it('comes after an addition, as in pre-activation blocks: nothing of the sum is left out', async () => {
    const block = chain(
      ...[batchNorm(), relu(), conv(16, 3, { padding: 1, bias: false })],
      ...[batchNorm(), relu(), conv(16, 3, { padding: 1, bias: false })],
    );
    const network = defineNetwork({
      name: 'pre-activation',
      input: [3, 12, 12],
      classes: 10,
      // The last sum has the batch norm as its only user, the one before it another addition too.
      net: chain(
        ...[conv(16, 3, { padding: 1 }), add(block, identity()), add(block, identity())],
        ...[batchNorm(), relu(), globalAveragePool(), linear(10)],
      ),
    });
    const graph = buildGraph(network, 'step', { optimizer: { kind: 'adam' } });
    const { portable, lowered, lowering } = await both(graph, 16, feedsOf(network, 16));
    expect(lowering.report.filter(({ form }) => form === 'portable')).toEqual([]);
    // As for the residual networks of step.test.ts.
    expectSameStep(lowered, portable, 5e-5);
  });

  it('gives the first loss of images that are offset by 1000', async () => {
    const network = presetNetwork('resnet20-cifar', { imageSize: 16 });
    const graph = buildGraph(network, 'training', { optimizer: { kind: 'adam' } });
    const feeds = feedsOf(network, 16);
    const input = Float32Array.from(feeds['input'] ?? [], (v) => v + 1000);
    const { portable, lowered } = await both(graph, 16, { ...feeds, input });
    const [loss = NaN] = exactly(bindDims(graph, { N: 16 }), { ...feeds, input }, ['loss'])['loss'] ?? [];
    // A few roundings of a number about 2.5, each 1.2e-7 at most.
    expect(Math.abs((portable['loss']?.[0] ?? NaN) - loss)).toBeLessThan(2e-6);
    expect(Math.abs((lowered['loss']?.[0] ?? NaN) - loss)).toBeLessThan(2e-6);
  });
});

import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../src/program/index.js';
import { presetNetwork, type PresetName, type PresetOptions } from '../../src/models/index.js';
import { freeze, type Network } from '../../src/net/index.js';
import { denseLayout } from '../../src/lower/layout/weight-layout.js';
import { blockSize, both, difference } from './helpers.js';
import { cpuLayout, expectSameStep, feedsOf } from './network-feeds.js';

interface Case {
  readonly name: PresetName;
  readonly batch: number;
  /** How far a gradient may be off, relative to the largest. */
  readonly tolerance: number;
  readonly options?: PresetOptions;
  /** All is frozen but these. */
  readonly except?: readonly string[];
  /** Operators that are known to stay portable. */
  readonly portable?: readonly string[];
}

// Sums in another order; batch normalisation over few values enlarges the last digits from layer to layer.
const cases: readonly Case[] = [
  { name: 'mnist-cnn', batch: 64, tolerance: 3e-6 },
  { name: 'mnist-cnn', batch: 5, tolerance: 3e-6 },
  { name: 'mnist-cnn-small', batch: 16, tolerance: 3e-6 },
  { name: 'resnet20-cifar', batch: 16, tolerance: 5e-5, options: { imageSize: 16 } },
  {
    name: 'resnet20-cifar',
    batch: 16,
    tolerance: 5e-5,
    options: { imageSize: 16 },
    except: ['layer3', 'fc'],
  },
  // The stem's pooling windows overlap.
  {
    name: 'resnet18',
    batch: 4,
    tolerance: 2e-3,
    options: { imageSize: 64, classes: 10 },
    portable: ['MaxPool', 'MaxPoolGrad'],
  },
];

function networkOf({ name, options = {}, except }: Omit<Case, 'batch' | 'tolerance'>): Network {
  const network = presetNetwork(name, options);
  return except === undefined ? network : freeze(network, ['*'], { except });
}

describe.skipIf(blockSize === undefined)('the lowered training step', () => {
  it.each(cases)('$name, batch $batch: equals the portable step', async (each) => {
    const { batch, tolerance, portable: kept = [] } = each;
    const network = networkOf(each);
    const graph = buildGraph(network, 'step', { optimizer: { kind: 'adam' } });
    const { portable, lowered, lowering } = await both(graph, batch, feedsOf(network, batch), {
      layout: cpuLayout(network),
    });
    const others = lowering.report.filter(({ form, op }) => form === 'portable' && !kept.includes(op));
    expect(others).toEqual([]);
    expectSameStep(lowered, portable, tolerance);
  });

  it('keeps no batch normalisation portable in evaluation', async () => {
    const network = presetNetwork('resnet20-cifar', { imageSize: 16 });
    const graph = buildGraph(network, 'eval', { optimizer: { kind: 'adam' } });
    const { portable, lowered, lowering } = await both(graph, 16, feedsOf(network, 16), {
      layout: cpuLayout(network),
    });
    expect(lowering.report.filter(({ form }) => form === 'portable')).toEqual([]);
    expect(lowering.report.some(({ op }) => op === 'BatchNormalization')).toBe(true);
    expect(difference(lowered['logits'], portable['logits'])).toBeLessThan(1e-6);
  });

  it('gives the same numbers with parameters in the portable layout', async () => {
    const graph = buildGraph(presetNetwork('mnist-cnn'), 'step', { optimizer: { kind: 'adam' } });
    const feeds = feedsOf(presetNetwork('mnist-cnn'), 16);
    const { portable, lowered, lowering } = await both(graph, 16, feeds);
    expect(lowering.graph.inputs.map(({ name }) => name)).toContain('params');
    expect(difference(lowered['first_moment_next'], portable['first_moment_next'])).toBeLessThan(3e-6);
  });

  it('converts flat vectors there and back', () => {
    const network = presetNetwork('mnist-cnn-small');
    const layout = cpuLayout(network);
    const params = feedsOf(network, 1)['params'] as Float32Array;
    const target = layout.toTarget('params', params);
    expect(target).toHaveLength(layout.size('params', params.length));
    expect(target.length).toBeGreaterThan(params.length);
    expect(layout.fromTarget('params', target)).toEqual(params);
  });

  it('leaves a node alone that is to stay portable', async () => {
    const graph = buildGraph(presetNetwork('mnist-cnn'), 'step', { optimizer: { kind: 'adam' } });
    const choices = { 'conv2.conv': 'portable' } as const;
    const network = presetNetwork('mnist-cnn');
    const layout = cpuLayout(network, choices);
    const weight = (slot: string): unknown =>
      layout.placed('params')?.segments.find(({ name }) => name === slot)?.kind;
    expect([weight('conv2.weight'), weight('conv3.weight')]).toEqual(['plain', denseLayout]);
    const { portable, lowered, lowering } = await both(graph, 16, feedsOf(network, 16), { choices, layout });
    const kept = lowering.report.filter(({ form }) => form === 'portable').map(({ node }) => node);
    expect(kept).toContain('conv2.conv');
    expect(kept).not.toContain('conv3.conv');
    expect(difference(lowered['first_moment_next'], portable['first_moment_next'])).toBeLessThan(3e-6);
  });
});

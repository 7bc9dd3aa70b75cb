import { describe, expect, it } from 'vitest';
import { buildGraph, stateLayout } from '../../src/program/index.js';
import { layoutFor } from '../../src/program/compile.js';
import { wasmTarget } from '../../src/program/targets.js';
import { lowerWasm } from '../../src/lower/wasm/index.js';
import { mnistCnn, presetNetwork, type PresetName, type PresetOptions } from '../../src/models/index.js';
import { freeze, type Network } from '../../src/net/index.js';
import { bothForms, difference } from './helpers.js';
import { expectSameStep, feedsOf } from './network-feeds.js';

interface Case {
  readonly name: PresetName;
  readonly batch: number;
  /** How far a gradient may be off, relative to the largest. */
  readonly tolerance: number;
  readonly options?: PresetOptions;
  /** The tutorial's network with batch normalisation. */
  readonly norm?: 'batch';
  /** All is frozen but these. */
  readonly except?: readonly string[];
  /** Convolutions, poolings, batch normalisations and their gradients that have a form of wasm's own. */
  readonly own: number;
}

// Sums in another order; batch normalisation over few values enlarges the last digits from layer to layer.
const cases: readonly Case[] = [
  { name: 'mnist-cnn', batch: 64, tolerance: 3e-6, own: 10 },
  { name: 'mnist-cnn', batch: 5, tolerance: 3e-6, own: 0 },
  { name: 'mnist-cnn-small', batch: 16, tolerance: 3e-6, own: 10 },
  { name: 'mnist-cnn', batch: 16, tolerance: 5e-5, norm: 'batch', own: 16 },
  { name: 'resnet20-cifar', batch: 16, tolerance: 5e-5, options: { imageSize: 16 }, own: 4 },
  {
    ...{ name: 'resnet20-cifar', batch: 16, tolerance: 5e-5, options: { imageSize: 16 } },
    except: ['layer3', 'fc'],
    own: 2,
  },
  { name: 'resnet18', batch: 16, tolerance: 2e-3, options: { imageSize: 32, classes: 10 }, own: 34 },
  { name: 'resnet18', batch: 4, tolerance: 2e-3, options: { imageSize: 64, classes: 10 }, own: 0 },
];

function networkOf({
  name,
  options = {},
  norm,
  except,
}: Pick<Case, 'name' | 'options' | 'norm' | 'except'>): Network {
  const network = norm === undefined ? presetNetwork(name, options) : mnistCnn({ norm });
  return except === undefined ? network : freeze(network, ['*'], { except });
}

describe('the training step for wasm', () => {
  it.each(cases)('$name, batch $batch: equals the portable step', async (each) => {
    const { batch, tolerance, own } = each;
    const network = networkOf(each);
    const graph = buildGraph(network, 'step', { optimizer: { kind: 'adam' } });
    const lowering = lowerWasm(graph, { batch });
    expect(lowering.report.filter(({ form }) => form !== 'portable')).toHaveLength(own);
    const { portable, lowered } = await bothForms(graph, lowering, batch, feedsOf(network, batch));
    expectSameStep(lowered, portable, tolerance);
  });

  it.each([
    { kind: 'training', name: 'mnist-cnn', options: {} },
    { kind: 'eval', name: 'mnist-cnn', options: {} },
    { kind: 'training', name: 'resnet20-cifar', options: { imageSize: 16 } },
    { kind: 'eval', name: 'resnet20-cifar', options: { imageSize: 16 } },
  ] as const)('the $kind model of $name: equals the portable one', async ({ kind, name, options }) => {
    const network = networkOf({ name, options });
    const graph = buildGraph(network, kind, { optimizer: { kind: 'adam' } });
    const lowering = lowerWasm(graph, { batch: 16 });
    const { portable, lowered } = await bothForms(graph, lowering, 16, feedsOf(network, 16));
    expect(Object.keys(lowered)).toEqual(Object.keys(portable));
    for (const output of Object.keys(portable)) {
      expect(difference(lowered[output], portable[output]), output).toBeLessThan(5e-5);
    }
  });

  it('leaves a node alone that is to stay portable, and what is beside it not', async () => {
    const network = presetNetwork('mnist-cnn');
    const graph = buildGraph(network, 'training', { optimizer: { kind: 'adam' } });
    const lowering = lowerWasm(graph, { batch: 16, choices: { 'conv1.conv': 'portable' } });
    const formOf = (name: string): string | undefined =>
      lowering.report.find(({ node }) => node === name)?.form;
    expect(formOf('conv1.conv')).toBe('portable');
    expect(formOf('conv1.conv_weight_grad')).toBe('patches');
    const { portable, lowered } = await bothForms(graph, lowering, 16, feedsOf(network, 16));
    expect(difference(lowered['grad'], portable['grad'])).toBeLessThan(3e-6);
  });

  it('keeps zeros zero, of which an optimizer that divides a gradient by its size makes whole steps else', async () => {
    const network = presetNetwork('mnist-cnn');
    const graph = buildGraph(network, 'step', { optimizer: { kind: 'adam' } });
    const lowering = lowerWasm(graph, { batch: 16 });
    const { portable, lowered } = await bothForms(graph, lowering, 16, feedsOf(network, 16));
    const [moment, wanted] = [lowered['first_moment_next'] ?? [], portable['first_moment_next'] ?? []];
    const zeros = Array.from(wanted, (value, i) => (value === 0 ? i : -1)).filter((i) => i >= 0);
    expect(zeros.length).toBeGreaterThan(0);
    expect(zeros.filter((i) => moment[i] !== 0)).toEqual([]);
  });

  it('keeps flat vectors as they are, of any optimizer', async () => {
    const network = presetNetwork('mnist-cnn-small');
    const graph = buildGraph(network, 'step', { optimizer: { kind: 'sgd', momentum: 0.9 } });
    const lowering = lowerWasm(graph, { batch: 16 });
    const state = layoutFor(wasmTarget, network, { optimizer: { kind: 'sgd', momentum: 0.9 } });
    const flat = Float32Array.of(1, 2, 3);
    expect(state.size('params', 3)).toBe(3);
    expect(state.toTarget('params', flat)).toBe(flat);
    expect(state.fromTarget('params', flat)).toBe(flat);
    expect(state.tensors('momentum', flat, '_next')).toEqual({
      momentum_next: { dtype: 'float32', shape: [3], data: flat },
    });
    const feeds = {
      ...feedsOf(network, 16),
      momentum: new Float32Array(stateLayout(network).parameters.size),
    };
    const { portable, lowered } = await bothForms(graph, lowering, 16, feeds);
    expect(difference(lowered['momentum_next'], portable['momentum_next'])).toBeLessThan(3e-6);
    expect(difference(lowered['params_next'], portable['params_next'])).toBeLessThan(1e-6);
  });
});

import { describe, expect, it } from 'vitest';
import { buildGraph, stateLayout } from '../../src/artifacts/graphs.js';
import { flatten } from '../../src/artifacts/layout.js';
import { lowerWasm } from '../../src/lower/wasm/index.js';
import { presetNetwork, type PresetName, type PresetOptions } from '../../src/models/index.js';
import { freeze, initialState, type Network } from '../../src/net/index.js';
import { fill } from '../helpers/golden.js';
import { bothForms, difference, type Arrays } from './helpers.js';

interface Case {
  readonly name: PresetName;
  readonly batch: number;
  /** How far a gradient may be off, relative to the largest. */
  readonly tolerance: number;
  readonly options?: PresetOptions;
  /** All is frozen but these. */
  readonly except?: readonly string[];
  /** How many nodes have which form. */
  readonly forms: Readonly<Record<string, number>>;
}

// Sums in another order; batch normalisation over few values enlarges the last digits from layer to layer.
const cases: readonly Case[] = [
  {
    ...{ name: 'mnist-cnn', batch: 64, tolerance: 3e-6 },
    forms: { patches: 2, pixels: 6, spectrum: 18, point: 6 },
  },
  {
    ...{ name: 'mnist-cnn', batch: 5, tolerance: 3e-6 },
    forms: { portable: 32 },
  },
];

function networkOf({ name, options = {}, except }: Pick<Case, 'name' | 'options' | 'except'>): Network {
  const network = presetNetwork(name, options);
  return except === undefined ? network : freeze(network, ['*'], { except });
}

function feedsOf(network: Network, batch: number): Arrays {
  const { name } = network;
  const state = stateLayout(network);
  const params = flatten(state.parameters, initialState(network, 0), name);
  const pixels = batch * network.input.reduce((product, dim) => product * dim, 1);
  return {
    params,
    ...(state.buffers.size > 0 && { buffers: flatten(state.buffers, initialState(network, 0), name) }),
    ...(state.frozen.size > 0 && { frozen: flatten(state.frozen, initialState(network, 0), name) }),
    first_moment: new Float32Array(params.length),
    second_moment: new Float32Array(params.length),
    // Half of the pixels are background, as on MNIST.
    input: Float32Array.from(fill(1, pixels), (v) => Math.max(v, 0)),
    target: Int32Array.from({ length: batch }, (_, i) => i % network.classes),
    lr: Float32Array.of(1e-3),
    step: Float32Array.of(1),
  };
}

describe('the training step for wasm', () => {
  it.each(cases)('$name, batch $batch: equals the portable step', async (each) => {
    const { batch, tolerance } = each;
    const network = networkOf(each);
    const graph = buildGraph(network, 'step', { optimizer: { kind: 'adam' } });
    const lowering = lowerWasm(graph, { batch });
    const counts: Record<string, number> = {};
    for (const { form } of lowering.report) counts[form] = (counts[form] ?? 0) + 1;
    expect(counts).toEqual(each.forms);
    const { portable, lowered } = await bothForms(graph, lowering, batch, feedsOf(network, batch));
    expect(difference(lowered['loss'], portable['loss'])).toBeLessThan(5e-6);
    expect(lowered['correct']).toEqual(portable['correct']);
    if (portable['buffers_next'] !== undefined) {
      expect(difference(lowered['buffers_next'], portable['buffers_next'])).toBeLessThan(2e-6);
    }
    // From zero moments these are 0.1 g and 0.001 g^2.
    expect(difference(lowered['first_moment_next'], portable['first_moment_next'])).toBeLessThan(tolerance);
    expect(difference(lowered['second_moment_next'], portable['second_moment_next'])).toBeLessThan(
      2 * tolerance,
    );
  });
});

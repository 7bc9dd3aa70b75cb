import { expect } from 'vitest';
import { stateLayout } from '../../src/program/index.js';
import { layoutFor } from '../../src/program/compile.js';
import { cpuTarget } from '../../src/program/targets.js';
import type { TargetState } from '../../src/lower/index.js';
import { toFlat } from '../../src/net/layout.js';
import { initialState, type Network } from '../../src/net/index.js';
import { fill } from '../helpers/golden.js';
import { blockSize, difference, type Arrays } from './helpers.js';

/** Inputs of a network's models: initial weights, images of which half is background, the labels in turn. */
export function feedsOf(network: Network, batch: number): Arrays {
  const { name } = network;
  const state = stateLayout(network);
  const params = toFlat(state.parameters, initialState(network, 0), name);
  const pixels = batch * network.input.reduce((product, dim) => product * dim, 1);
  return {
    params,
    ...(state.buffers.size > 0 && { buffers: toFlat(state.buffers, initialState(network, 0), name) }),
    ...(state.frozen.size > 0 && { frozen: toFlat(state.frozen, initialState(network, 0), name) }),
    first_moment: new Float32Array(params.length),
    second_moment: new Float32Array(params.length),
    // Half of the pixels are background, as on MNIST.
    input: Float32Array.from(fill(1, pixels), (v) => Math.max(v, 0)),
    target: Int32Array.from({ length: batch }, (_, i) => i % network.classes),
    lr: Float32Array.of(1e-3),
    step: Float32Array.of(1),
  };
}

/** How a network's state lies in the blocks of this machine, trained with Adam. */
export function cpuLayout(network: Network, choices?: Readonly<Record<string, string>>): TargetState {
  return layoutFor(cpuTarget(blockSize ?? 16), network, { optimizer: { kind: 'adam' } }, choices);
}

/** Holds what a lowered step gives against the portable one; `tolerance`: of gradients, relative to the largest. */
export function expectSameStep(lowered: Arrays, portable: Arrays, tolerance: number): void {
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
}

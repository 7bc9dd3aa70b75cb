import { bindDims } from '../../src/lower/index.js';
import { describe, expect, it } from 'vitest';
import { lowerWasm } from '../../src/lower/wasm/index.js';
import type { ConvAttrs } from '../../src/ops/index.js';
import { evaluate } from '../reference/evaluate.js';
import { ndarray } from '../reference/array.js';
import {
  bothForms,
  blockSize,
  both,
  difference,
  randomFeeds,
  withGradients,
  type Arrays,
  keptPortable,
} from './helpers.js';
import type { Graph } from '../../src/ir/index.js';
/** Kernels of which some taps meet nothing but padding: [channels, height, width, kernel, padding, stride]. */
const shapes = [
  ...[1, 2, 3, 4, 7, 12, 15, 16, 20].map((channels) => [channels, 3, 3, 7, 3, 1] as const),
  [3, 1, 6, 3, 1, 1],
  [5, 6, 1, 3, 1, 1],
  [2, 1, 1, 5, 2, 1],
  [3, 2, 3, 7, 3, 2],
  [8, 1, 9, 5, 2, 2],
] as const;

function graphOf([c, h, w, k, p, s]: (typeof shapes)[number]): Graph {
  const attrs: ConvAttrs = {
    kernel_shape: [k, k],
    strides: [s, s],
    pads: [p, p, p, p],
    dilations: [1, 1],
    group: 1,
  };
  return withGradients('dead-taps', (b) => {
    const x = b.input('x', 'float32', ['N', c, h, w]);
    const w1 = b.input('w1', 'float32', [20, c, k, k]);
    const b1 = b.input('b1', 'float32', [20]);
    return { y: b.relu(b.conv(x, w1, b1, attrs)), wrt: { w1, b1 } };
  });
}

/** The graph's outputs in float64. */
function exact(graph: Graph, batch: number, feeds: Arrays): Arrays {
  const bound = bindDims(graph, { N: batch });
  const given = bound.inputs.map(
    ({ name, shape }) => [name, ndarray(shape.map(Number), Array.from(feeds[name] ?? []))] as const,
  );
  const outputs = Object.entries(evaluate(bound, Object.fromEntries(given)));
  return Object.fromEntries(outputs.map(([name, { data }]) => [name, Float32Array.from(data)]));
}

// Sums of up to 5 images x 20 channels x 9 pixels = 900 products in float32, whose rounding walks 30 x 2^-24 = 2e-6.
const TOLERANCE = 3e-6;

describe('convolutions with taps that never meet a pixel', () => {
  const batch = 5;

  it.skipIf(blockSize === undefined).each(shapes)(
    '%i channels of %ix%i, kernel %i, padding %i, stride %i: the CPU form',
    async (...shape) => {
      const graph = graphOf(shape as unknown as (typeof shapes)[number]);
      const feeds = randomFeeds(graph, batch, 5);
      const expected = exact(graph, batch, feeds);
      const { lowered, lowering } = await both(graph, batch, feeds);
      expect(keptPortable(lowering)).toEqual([]);
      for (const name of Object.keys(expected)) {
        expect(difference(lowered[name], expected[name]), name).toBeLessThan(TOLERANCE);
      }
    },
  );

  it.each(shapes)(
    '%i channels of %ix%i, kernel %i, padding %i, stride %i: the wasm form',
    async (...shape) => {
      const graph = graphOf(shape as unknown as (typeof shapes)[number]);
      const feeds = randomFeeds(graph, batch, 5);
      const expected = exact(graph, batch, feeds);
      const { lowered } = await bothForms(graph, lowerWasm(graph, { batch }), batch, feeds);
      for (const name of Object.keys(expected)) {
        expect(difference(lowered[name], expected[name]), name).toBeLessThan(TOLERANCE);
      }
    },
  );
});

import { bindDims } from '../../src/lower/index.js';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/ir/index.js';
import type { ConvAttrs } from '../../src/ops/index.js';
import { ndarray } from '../reference/array.js';
import { evaluate } from '../reference/evaluate.js';
import {
  blockSize,
  both,
  difference,
  randomFeeds,
  withGradients,
  type Arrays,
  keptPortable,
} from './helpers.js';

interface Case {
  /** Channels before and after. */
  readonly channels: readonly [number, number];
  readonly groups: number;
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly pads?: readonly [number, number, number, number];
  readonly batch?: number;
}

const pad1 = [1, 1, 1, 1] as const;
const pad2 = [2, 2, 2, 2] as const;

const groups: readonly Case[] = [
  // Groups that fill blocks.
  { channels: [32, 32], groups: 2, size: [5, 4], kernel: [3, 3], pads: pad1 },
  { channels: [32, 64], groups: 2, size: [5, 4], kernel: [3, 3], pads: pad1, stride: [2, 2], batch: 20 },
  { channels: [96, 48], groups: 3, size: [4, 4], kernel: [1, 1] },
  // Groups of 4, 8, 12 channels, several of which fill blocks.
  { channels: [32, 32], groups: 8, size: [6, 5], kernel: [3, 3], pads: pad1 },
  { channels: [64, 64], groups: 8, size: [6, 6], kernel: [3, 3], pads: pad1, stride: [2, 2] },
  { channels: [64, 32], groups: 8, size: [5, 6], kernel: [3, 3], pads: pad1, batch: 40 },
  { channels: [96, 96], groups: 8, size: [4, 5], kernel: [3, 3], pads: pad1, batch: 40 },
  { channels: [64, 64], groups: 16, size: [5, 5], kernel: [1, 1], stride: [2, 2] },
  { channels: [64, 64], groups: 16, size: [5, 5], kernel: [1, 1], batch: 40 },
  { channels: [64, 128], groups: 32, size: [4, 6], kernel: [5, 3], pads: [2, 1, 2, 1] },
  // The last of the larger groups is not full.
  { channels: [40, 40], groups: 10, size: [5, 4], kernel: [3, 3], pads: pad1 },
  { channels: [30, 60], groups: 30, size: [5, 4], kernel: [3, 3], pads: pad1 },
  // All groups in one.
  { channels: [20, 40], groups: 4, size: [5, 6], kernel: [3, 3], pads: pad1 },
  { channels: [21, 14], groups: 7, size: [4, 4], kernel: [3, 3], pads: pad1, stride: [2, 1] },
  { channels: [6, 9], groups: 3, size: [5, 5], kernel: [3, 3] },
  { channels: [4, 4], groups: 2, size: [1, 1], kernel: [5, 5], pads: pad2 },
];

const depthwise: readonly Case[] = [
  { channels: [32, 32], groups: 32, size: [6, 5], kernel: [3, 3], pads: pad1 },
  { channels: [32, 32], groups: 32, size: [6, 8], kernel: [3, 3], pads: pad1, stride: [2, 2], batch: 20 },
  { channels: [20, 20], groups: 20, size: [7, 6], kernel: [3, 3], pads: pad1, stride: [2, 2] },
  { channels: [3, 3], groups: 3, size: [7, 6], kernel: [5, 5], pads: pad2 },
  { channels: [40, 40], groups: 40, size: [9, 4], kernel: [5, 3], pads: [2, 1, 2, 1], stride: [1, 2] },
  { channels: [24, 24], groups: 24, size: [6, 6], kernel: [1, 1] },
  { channels: [24, 24], groups: 24, size: [2, 1], kernel: [7, 7], pads: [3, 3, 3, 3] },
  { channels: [16, 16], groups: 16, size: [9, 9], kernel: [3, 3], pads: pad2, dilation: [2, 2] },
  { channels: [16, 16], groups: 16, size: [9, 8], kernel: [3, 3], dilation: [1, 3], stride: [2, 1] },
  { channels: [16, 16], groups: 16, size: [8, 8], kernel: [3, 3], pads: [0, 1, 2, 0] },
];

const dilated: readonly Case[] = [
  // More padding than the kernel reaches.
  { channels: [16, 16], groups: 1, size: [4, 5], kernel: [1, 2], pads: [1, 2, 1, 3] },
  { channels: [16, 32], groups: 1, size: [9, 9], kernel: [3, 3], pads: pad2, dilation: [2, 2] },
  { channels: [20, 30], groups: 1, size: [11, 9], kernel: [3, 3], pads: pad1, dilation: [3, 2], batch: 20 },
  { channels: [32, 16], groups: 1, size: [8, 9], kernel: [3, 3], pads: [1, 4, 1, 4], dilation: [1, 4] },
  { channels: [32, 16], groups: 1, size: [9, 8], kernel: [3, 3], pads: [3, 0, 3, 0], dilation: [3, 1] },
  { channels: [16, 16], groups: 1, size: [4, 4], kernel: [3, 3], pads: [6, 6, 6, 6], dilation: [6, 6] },
  { channels: [16, 16], groups: 1, size: [5, 5], kernel: [3, 3], pads: pad1, dilation: [2, 3], batch: 40 },
  { channels: [16, 16], groups: 1, size: [6, 7], kernel: [1, 1], dilation: [2, 2] },
  { channels: [16, 16], groups: 1, size: [7, 7], kernel: [3, 3], dilation: [3, 3] },
  { channels: [3, 16], groups: 1, size: [9, 9], kernel: [3, 3], pads: pad2, dilation: [2, 2] },
  // With a stride as well: of no, of some and of all divisors in common.
  {
    channels: [16, 16],
    groups: 1,
    size: [9, 9],
    kernel: [3, 3],
    pads: pad2,
    dilation: [2, 2],
    stride: [2, 2],
  },
  {
    channels: [16, 16],
    groups: 1,
    size: [12, 11],
    kernel: [3, 3],
    pads: [3, 2, 3, 2],
    dilation: [3, 2],
    stride: [2, 3],
  },
  {
    channels: [16, 16],
    groups: 1,
    size: [14, 13],
    kernel: [3, 3],
    pads: [4, 4, 4, 4],
    dilation: [4, 4],
    stride: [2, 2],
  },
  {
    channels: [16, 16],
    groups: 1,
    size: [15, 13],
    kernel: [3, 2],
    pads: [6, 6, 6, 6],
    dilation: [6, 6],
    stride: [4, 4],
  },
  { channels: [64, 64], groups: 16, size: [9, 8], kernel: [3, 3], pads: pad2, dilation: [2, 2] },
  {
    channels: [64, 64],
    groups: 16,
    size: [9, 8],
    kernel: [3, 3],
    pads: pad2,
    dilation: [2, 2],
    stride: [2, 2],
  },
];

const titled = (cases: readonly Case[]): readonly (readonly [string, Case])[] =>
  cases.map((each) => [JSON.stringify(each).replaceAll('"', ''), each] as const);

/** One convolution between two others, all in blocks, and its gradients. */
function graphOf(given: Case): Graph {
  const { channels, groups: group, size, kernel, stride, dilation, pads } = given;
  const [c, k] = channels;
  const conv: ConvAttrs = {
    kernel_shape: kernel,
    strides: stride ?? [1, 1],
    pads: pads ?? [0, 0, 0, 0],
    dilations: dilation ?? [1, 1],
    group,
  };
  return withGradients('grouped', (b) => {
    const x = b.input('x', 'float32', ['N', c, ...size]);
    const w = b.input('w', 'float32', [k, c / group, ...kernel]);
    const bias = b.input('bias', 'float32', [k]);
    // A first layer reads the images as they are; every other one reads what a layer before it gives.
    const isFirst = c < 16 && group === 1;
    const y = b.conv(isFirst ? x : b.relu(x), w, bias, conv);
    return { y: b.relu(y), wrt: isFirst ? { w, bias } : { x, w, bias } };
  });
}

function exact(graph: Graph, batch: number, feeds: Arrays): Arrays {
  const bound = bindDims(graph, { N: batch });
  const given = bound.inputs.map(
    ({ name, shape }) => [name, ndarray(shape.map(Number), Array.from(feeds[name] ?? []))] as const,
  );
  const outputs = Object.entries(evaluate(bound, Object.fromEntries(given)));
  return Object.fromEntries(outputs.map(([name, { data }]) => [name, Float32Array.from(data)]));
}

// Sums of up to 40 x 36 = 1,440 products in float32, whose rounding walks 38 x 2^-24 = 2.3e-6 of the largest.
const TOLERANCE = 3e-6;

describe.skipIf(blockSize === undefined).each([
  ['groups', groups],
  ['depthwise', depthwise],
  ['dilated', dilated],
] as const)('%s convolutions in the CPU form against float64', (_, cases) => {
  it.each(titled(cases))('%s', async (__, given) => {
    const { batch = 5 } = given;
    const graph = graphOf(given);
    const feeds = randomFeeds(graph, batch, 31);
    const expected = exact(graph, batch, feeds);
    const { lowered, lowering } = await both(graph, batch, feeds);
    expect(keptPortable(lowering)).toEqual([]);
    for (const name of Object.keys(expected)) {
      expect(difference(lowered[name], expected[name]), name).toBeLessThan(TOLERANCE);
    }
  });
});

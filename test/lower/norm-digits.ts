import { gradients } from '../../src/autodiff/index.js';
import { prune, staticSize, type Graph, type Value } from '../../src/ir/index.js';
import { Builder, type ConvAttrs } from '../../src/ops/index.js';
import { fill } from '../helpers/golden.js';
import { ndarray } from '../reference/array.js';
import { evaluate } from '../reference/evaluate.js';
import { fastKernels } from '../reference-fast/index.js';
import type { Arrays } from './helpers.js';

/** Deviations between the mean and zero. */
export const ratios = [0, 1, 10, 100, 1e3, 1e4] as const;

/** An image of 32 channels to be normalised, made so that each channel's deviation is about 1. */
export interface Subject {
  readonly title: string;
  /** Makes it from x [N,16,12,12] and inputs of its own. */
  readonly build: (b: Builder, x: Value) => Value;
  /** By input, what becomes of a random number in [-1, 1); default: itself. `i`: its place in the tensor. */
  readonly fill: (ratio: number) => Readonly<Record<string, (u: number, i: number) => number>>;
}

const conv = (b: Builder, x: Value, kernel: number, { bias = false, stride = 1 } = {}): Value => {
  const pad = (kernel - 1) / 2;
  const attrs: ConvAttrs = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    dilations: [1, 1],
    pads: [pad, pad, pad, pad],
    group: 1,
  };
  const w = b.input('w', 'float32', [32, 16, kernel, kernel]);
  return b.conv(x, w, bias ? b.input('centre', 'float32', [32]) : undefined, attrs);
};

// Two uniform numbers have variance 1/3 each, so a sum of `fan` products has fan / 9.
const weight =
  (fan: number) =>
  (u: number): number =>
    (3 * u) / Math.sqrt(fan);

/** Means of both signs, no two alike. */
const centre =
  (ratio: number) =>
  (u: number, i: number): number =>
    (i % 2 === 0 ? ratio : -ratio) * (1 + 0.2 * u);

/** What a batch normalisation meets: convolutions that can be shifted, and images that cannot. */
export const subjects = {
  point: {
    title: 'a 1x1 convolution of an image far from 0',
    build: (b, x) => conv(b, x, 1),
    fill: (ratio) => ({ x: (u) => u + 0.6 * ratio, w: weight(16) }),
  },
  biased: {
    title: 'a padded 3x3 convolution with a bias',
    build: (b, x) => conv(b, x, 3, { bias: true }),
    fill: (ratio) => ({ w: weight(144), centre: centre(ratio) }),
  },
  strided: {
    title: 'a convolution with stride 2',
    build: (b, x) => conv(b, x, 3, { bias: true, stride: 2 }),
    fill: (ratio) => ({ w: weight(144), centre: centre(ratio) }),
  },
  added: {
    title: 'a convolution and an image added to it',
    build: (b, x) => b.add(conv(b, x, 3), b.input('centre', 'float32', [Number(x.shape[0]), 32, 12, 12])),
    fill: (ratio) => ({ w: weight(144), centre: (u) => u + ratio }),
  },
  rectified: {
    title: 'what a ReLU leaves of a 1x1 convolution',
    build: (b, x) => b.relu(conv(b, x, 1, { bias: true })),
    // Where the mean is below zero nothing but zeros would be left.
    fill: (ratio) => ({ w: weight(16), centre: (u) => ratio * (1 + 0.2 * u) }),
  },
  sparse: {
    title: 'a convolution of an image in which one number in a hundred is not 0',
    build: (b, x) => conv(b, x, 3, { bias: true }),
    fill: (ratio) => ({ x: (u) => 600 * Math.max(u - 0.98, 0), w: weight(144), centre: centre(ratio) }),
  },
  image: {
    title: 'an image that no convolution makes',
    build: (b, x) => b.relu(x),
    fill: (ratio) => ({ x: (u) => u + 0.6 * ratio }),
  },
} as const satisfies Readonly<Record<string, Subject>>;

/** Batch normalisation of a subject: y, the running statistics after it, and the gradients of sum(y g). */
export function normGraph({ build }: Subject, batch: number): Graph {
  const b = new Builder();
  const x = build(b, b.input('x', 'float32', [batch, 16, 12, 12]));
  const channels = Number(x.shape[1]);
  const vector = (name: string): Value => b.input(name, 'float32', [channels]);
  const state = {
    scale: vector('scale'),
    bias: vector('bias'),
    mean: vector('mean'),
    variance: vector('variance'),
  };
  const { y, runningMean, runningVar } = b.batchNormTrain(x, state, { momentum: 0.1, eps: 1e-5 });
  const loss = b.reduceSum(b.mul(y, b.input('g', 'float32', y.shape)), [0, 1, 2, 3]);
  const [dx, dscale, dbias] = gradients(b, loss, [x, state.scale, state.bias]);
  const results = { y, runningMean, runningVar, dx, dscale, dbias };
  return b.finish(
    'norm',
    Object.entries(results).flatMap(([name, value]) =>
      value === undefined ? [] : [{ name: `result.${name}`, value: b.identity(value) }],
    ),
  );
}

/** Numbers for the inputs of a subject's graph, the same each time. */
export function normFeeds(graph: Graph, subject: Subject, ratio: number): Arrays {
  const given: ReturnType<Subject['fill']> = {
    scale: (u) => 1.2 + u,
    variance: (u) => 1.5 + u,
    // Its mean is not 0, so that the gradient's is not.
    g: (u) => u + 0.3,
    ...subject.fill(ratio),
  };
  return Object.fromEntries(
    graph.inputs.map(({ name, shape }, seed) => {
      const numbers = fill(100 + seed, staticSize(shape));
      return [name, Float32Array.from(numbers.map((u, i) => given[name]?.(u, i) ?? u))];
    }),
  );
}

/** The fast convolution has no bias. */
const quick = Object.fromEntries(Object.entries(fastKernels).filter(([name]) => name !== 'Conv'));

/** What a graph gives in float64; `names`: only these of its outputs. */
export function exactly(
  whole: Graph,
  feeds: Arrays,
  names?: readonly string[],
): Readonly<Record<string, Float64Array>> {
  const outputs = whole.outputs.filter(({ name }) => names?.includes(name) !== false);
  const graph = prune({ ...whole, outputs });
  const given = graph.inputs.map(
    ({ name, shape }) => [name, ndarray(shape.map(Number), feeds[name] ?? [])] as const,
  );
  const results = evaluate(graph, Object.fromEntries(given), quick);
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));
}

/** Root of the mean square of actual - exact, relative to that of exact. */
export function rootError(actual: Arrays[string] | undefined, exact: Float64Array): number {
  if (actual?.length !== exact.length) return Infinity;
  let [wrong, whole] = [0, 0];
  exact.forEach((value, i) => {
    wrong += ((actual[i] ?? NaN) - value) ** 2;
    whole += value ** 2;
  });
  return Math.sqrt(wrong / whole);
}

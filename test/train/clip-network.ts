import { readFileSync } from 'node:fs';
import type { LabelledBatch, OptimizerOptions, TrainingState } from '../../src/program/index.js';
import {
  add,
  batchNorm,
  chain,
  conv,
  defineNetwork,
  globalAveragePool,
  identity,
  linear,
  maxPool,
  relu,
} from '../../src/net/index.js';
import { stateFrom } from '../../src/weights/index.js';
import { fill } from '../helpers/golden.js';

const normed = (name: string, channels: number, index: number) =>
  chain(conv(channels, 3, { padding: 1, bias: false, name }), batchNorm({ name: `bn${index}` }));

/** The network of test/golden/clip/make.py: channels that fill no block, one weight that is a piece of its own. */
export const network = defineNetwork({
  name: 'clipped',
  input: [3, 8, 8],
  classes: 3,
  net: chain(
    ...[normed('conv1', 12, 1), relu(), maxPool(2), normed('conv2', 40, 2), relu()],
    ...[add(normed('conv3', 40, 3), identity()), relu(), globalAveragePool(), linear(3, { name: 'fc' })],
  ),
});

/** One run of make.py. */
export interface ClipCase {
  readonly optimizer: 'adam' | 'sgd';
  readonly clip_norm: number;
  readonly accumulate: number;
  /** Of each batch. */
  readonly losses: readonly number[];
  /** Of each step's gradient, before it is scaled. */
  readonly norms: readonly number[];
  /** Every 31st parameter after the last step. */
  readonly params: readonly number[];
  /** Running statistics after the last step. */
  readonly buffers: readonly number[];
}

const golden = JSON.parse(readFileSync(new URL('../golden/clip/clip.json', import.meta.url), 'utf8')) as {
  readonly every: number;
  readonly cases: readonly ClipCase[];
};

/** PyTorch's runs, in float64. */
export const { cases } = golden;

/** Those of a vector of parameters that the golden file has. */
export function sampled(params: ArrayLike<number>): number[] {
  return Array.from(params).filter((_, i) => i % golden.every === 0);
}

/** Optimizers of make.py with their learning rates, all of them exact in float32. */
export const optimizers: Readonly<
  Record<ClipCase['optimizer'], { readonly options: OptimizerOptions; readonly lr: number }>
> = {
  adam: { options: { kind: 'adam', eps: 2 ** -13 }, lr: 2 ** -7 },
  sgd: { options: { kind: 'sgd', momentum: 0.875 }, lr: 2 ** -9 },
};

/** The batches of each of the ten steps: the last one of an accumulating run takes two, what is left of an epoch. */
export function windows({ accumulate }: ClipCase): readonly (readonly LabelledBatch[])[] {
  return Array.from({ length: 10 }, (_, step) => {
    const count = accumulate > 1 && step === 9 ? 2 : accumulate;
    return Array.from({ length: count }, (_, i) => batch(step * accumulate + i));
  });
}

/** 16 images, 11 in every fourth batch. */
function batch(index: number): LabelledBatch {
  const size = index % 4 === 3 ? 11 : 16;
  return {
    size,
    images: Float32Array.from(fill(1000 + index, size * 3 * 64)),
    labels: Int32Array.from({ length: size }, (_, i) => (i * 5 + index) % 3),
  };
}

const scales: Readonly<Record<string, number>> = {
  'conv1.weight': 1 / 4,
  'conv2.weight': 1 / 8,
  'conv3.weight': 1 / 16,
  'fc.weight': 1 / 8,
};

/** The state before the first step. */
export function initial(kind: ClipCase['optimizer']): TrainingState {
  let parameters = 0;
  const weights = network.state.map(({ name, kind: of, shape }) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    if (of === 'buffer')
      return [name, new Float32Array(size).fill(name.endsWith('running_var') ? 1 : 0)] as const;
    // With a mean of 2 few numbers lie near a ReLU's kink, where two roundings of one number part.
    const centre = name.startsWith('bn') ? (name.endsWith('weight') ? 1 : 2) : 0;
    const numbers = fill(10 + parameters++, size).map((value) => centre + value * (scales[name] ?? 1 / 4));
    return [name, Float32Array.from(numbers)] as const;
  });
  return stateFrom(network, optimizers[kind].options, new Map(weights));
}

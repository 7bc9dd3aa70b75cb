import { tensorOf, type DType, type Shape, type Value } from '../../src/ir/index.js';
import { ops, type Builder } from '../../src/ops/index.js';
import { poolAttrs, value } from '../gradient/cases/make.js';
import { apart, type Fill } from '../gradient/check.js';

/** An input of a function that is only run forward. */
export interface ForwardInput {
  readonly shape: Shape;
  readonly dtype?: DType;
  readonly fill?: Fill;
}

/** A function without a gradient: comparisons, indices, casts to integers, what appears in backward passes. */
export interface ForwardCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, ForwardInput>>;
  readonly build: (b: Builder, inputs: Readonly<Record<string, Value>>) => readonly Value[];
}

/** Multiples of a half in [-1, 1]: many are equal. */
const tied: Fill = (u) => Math.round(u * 2) / 2;

/** Whole numbers in [-3, 3]. */
const whole: Fill = (u) => Math.round(u * 3);

const floats = { u: { shape: ['N', 5], fill: tied }, v: { shape: [5], fill: tied } } as const;
const ints = {
  u: { shape: ['N', 5], dtype: 'int32', fill: whole },
  v: { shape: ['N', 1], dtype: 'int32', fill: whole },
} as const;

const comparisons = (['equal', 'greater', 'less'] as const).flatMap((op): ForwardCase[] =>
  Object.entries({ floats, 'int32 numbers': ints }).map(([what, inputs]) => ({
    name: `${op} of ${what}`,
    inputs,
    build: (b, x) => [b[op](value(x, 'u'), value(x, 'v'))],
  })),
);

const casts = (['int32', 'int64', 'bool', 'uint8', 'float64'] as const).map((to): ForwardCase => ({
  name: `cast of float32 to ${to} and back`,
  // uint8 has no negative numbers, and what a negative float becomes there is nobody's promise.
  inputs: { x: { shape: ['N', 6], fill: (u) => (to === 'uint8' ? Math.abs(u) : u) * 3 } },
  build(b, { x }) {
    if (x === undefined) return [];
    const there = b.cast(x, to);
    return [there, b.cast(there, 'float32')];
  },
}));

const pools = [
  poolAttrs({ kernel: [2, 2] }),
  poolAttrs({ kernel: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] }),
  poolAttrs({ kernel: [3, 2], strides: [2, 3], pads: [1, 0, 1, 1], ceil: true }),
  poolAttrs({ kernel: [2, 3], strides: [2, 1], dilations: [3, 2] }),
].map((attrs): ForwardCase => ({
  name: `MaxPool with ties, kernel ${attrs.kernel_shape.join('x')}: values and indices`,
  inputs: { x: { shape: ['N', 2, 6, 7], fill: tied } },
  build: (b, x) => b.maxPool(value(x, 'x'), attrs),
}));

export const forwardCases: readonly ForwardCase[] = [
  ...comparisons,
  ...casts,
  ...pools,
  ...[0, 1, -1].map((axis): ForwardCase => ({
    name: `ArgMax along ${axis} with ties`,
    inputs: { x: { shape: ['N', 4, 5], fill: tied } },
    build: (b, x) => [b.argMax(value(x, 'x'), axis)],
  })),
  {
    name: 'Sign with zeros',
    inputs: { x: { shape: ['N', 6], fill: tied } },
    build: (b, x) => [b.sign(value(x, 'x'))],
  },
  {
    name: 'Relu and Abs at 0',
    inputs: { x: { shape: ['N', 6], fill: tied } },
    build: (b, x) => [b.relu(value(x, 'x')), b.abs(value(x, 'x'))],
  },
  {
    name: 'Where on integers',
    inputs: { x: { shape: ['N', 6], dtype: 'int32', fill: whole } },
    build: (b, x) => [b.where(b.greater(value(x, 'x'), 0), value(x, 'x'), -7)],
  },
  {
    name: 'Shape, and the number of elements along axes',
    inputs: { x: { shape: ['N', 4, 3] } },
    build: (b, x) => [b.shapeOf(value(x, 'x')), b.count(value(x, 'x'), [0, 2]), b.count(value(x, 'x'), [-1])],
  },
  ...([0, 1] as const).map((exclusive): ForwardCase => ({
    name: `CumSum along the batch, ${exclusive === 1 ? 'without' : 'with'} the entry itself`,
    inputs: { x: { shape: ['N', 3] } },
    build: (b, x) => [b.emit(ops.CumSum, [value(x, 'x'), b.scalar(0, 'int64')], { exclusive })],
  })),
  {
    name: 'Gather along axis 1, an index counted from the end',
    inputs: { x: { shape: ['N', 4, 2] } },
    build(b, x) {
      const indices = b.constant(tensorOf('int64', [2, 2], [3, 0, -1, 3]));
      return [b.emit(ops.Gather, [value(x, 'x'), indices], { axis: 1 })];
    },
  },
  {
    name: 'ScatterElements that sets',
    inputs: { x: { shape: [2, 4] }, updates: { shape: [2, 3] } },
    build(b, x) {
      const indices = b.constant(tensorOf('int64', [2, 3], [1, 2, 3, 0, 2, 1]));
      return [b.emit(ops.ScatterElements, [value(x, 'x'), indices, value(x, 'updates')], { axis: 1 })];
    },
  },
  {
    name: 'ArgMax with its axis kept',
    inputs: { x: { shape: ['N', 4, 5], fill: tied } },
    build: (b, x) => [b.emit(ops.ArgMax, [value(x, 'x')], { axis: 1 }), b.emit(ops.ArgMax, [value(x, 'x')])],
  },
  {
    name: 'ScatterElements along axis 1, indices that repeat',
    inputs: { x: { shape: [2, 4] }, updates: { shape: [2, 3] } },
    build(b, x) {
      const indices = b.constant(tensorOf('int64', [2, 3], [1, 1, 3, 0, 2, 2]));
      const attrs = { axis: 1, reduction: 'add' };
      return [b.emit(ops.ScatterElements, [value(x, 'x'), indices, value(x, 'updates')], attrs)];
    },
  },
  {
    name: 'MaxUnpool at the indices of MaxPool',
    inputs: { x: { shape: ['N', 2, 4, 6], fill: apart } },
    build(b, x) {
      const attrs = poolAttrs({ kernel: [2, 2] });
      const [y, indices] = b.maxPool(value(x, 'x'), attrs);
      return [b.maxUnpool(b.exp(y), indices, value(x, 'x'))];
    },
  },
  {
    name: 'MaxPoolGrad with ties: the first maximum takes all',
    inputs: { x: { shape: ['N', 2, 5, 5], fill: tied } },
    build: (b, x) =>
      [
        poolAttrs({ kernel: [2, 2] }),
        poolAttrs({ kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
        poolAttrs({ kernel: [2, 2], strides: [3, 3], pads: [1, 1, 1, 1], ceil: true }),
        poolAttrs({ kernel: [2, 3], strides: [2, 1], dilations: [2, 2] }),
      ].map((attrs) => {
        const [y, indices] = b.maxPool(value(x, 'x'), attrs);
        return b.maxPoolGrad(value(x, 'x'), y, indices, b.exp(y), attrs);
      }),
  },
];

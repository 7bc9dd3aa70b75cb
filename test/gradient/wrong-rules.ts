import { windowCount } from '../../src/ops/conv-shape.js';
import { defineOp, nchw, ops, type ConvAttrs, type Op, type PoolAttrs } from '../../src/ops/index.js';
import type { Value } from '../../src/ir/index.js';
import type { ReduceAttrs } from '../../src/ops/reduce-shape.js';
import { positive, type CheckedInput, type Fill } from './check.js';

/** An operator that computes what its namesake computes and differentiates it wrongly. */
export interface WrongRule {
  readonly mistake: string;
  readonly op: Op;
  readonly inputs: readonly CheckedInput[];
  readonly attrs?: Readonly<Record<string, number | readonly number[]>>;
  /** What the checker's message must contain, where it is not the usual `expected ..., got ...`. */
  readonly message?: RegExp;
}

/** The registry's operator with another gradient rule, for operators of one shape. */
const unary = (name: 'Sqrt' | 'Tanh' | 'Sigmoid' | 'Log' | 'Relu', gradient: Op['gradient']): Op => ({
  ...ops[name],
  gradient,
});

const first = ([x]: readonly (Value | undefined)[]): Value => {
  if (x === undefined) throw new TypeError('no input');
  return x;
};

const tied: Fill = (_, i) => (i % 3 === 0 ? -1 : 0.5);

const three: ConvAttrs = {
  kernel_shape: [3, 3],
  strides: [2, 2],
  pads: [1, 0, 0, 1],
  dilations: [1, 1],
  group: 1,
};

const convInputs: readonly CheckedInput[] = [{ shape: ['N', 2, 5, 5] }, { shape: [2, 2, 3, 3] }];

const wrongConv = (gradient: Parameters<typeof defineOp<2, ConvAttrs>>[0]['gradient']): Op =>
  defineOp<2, ConvAttrs>({
    name: 'Conv',
    source: '',
    infer([x, w], attrs) {
      const [n, , h, width] = nchw('Conv', x);
      const [k] = nchw('Conv', w);
      return [n, k, windowCount('Conv', h, 0, attrs), windowCount('Conv', width, 1, attrs)];
    },
    gradient,
  });

export const wrongRules: readonly WrongRule[] = [
  {
    mistake: 'a missing factor',
    op: unary('Sqrt', ({ b, y, dy }) => [b.div(dy, y)]),
    inputs: [{ shape: ['N', 3], fill: positive }],
  },
  {
    mistake: 'a factor that is wrong by one millionth',
    op: unary('Tanh', ({ b, y, dy }) => [b.mul(dy, b.sub(1 + 2 ** -20, b.mul(y, y)))]),
    inputs: [{ shape: ['N', 3] }],
  },
  {
    mistake: 'a wrong sign',
    op: { ...ops.Sub, gradient: ({ dy }) => [dy, dy] },
    inputs: [{ shape: ['N', 3] }, { shape: [3] }],
  },
  {
    mistake: 'operands exchanged',
    op: {
      ...ops.Div,
      gradient: ({ b, x: [u, v], dy }) =>
        u === undefined || v === undefined ? [] : [b.div(dy, u), b.neg(b.div(b.mul(dy, u), b.mul(v, v)))],
    },
    inputs: [
      { shape: [4], fill: positive },
      { shape: [4], fill: positive },
    ],
  },
  {
    mistake: 'equal maxima that take all of dy each',
    op: defineOp<1, ReduceAttrs>({
      name: 'ReduceMax',
      source: '',
      infer: ([x], { axes }) => x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim)),
      gradient: ({ b, x: [x], y, dy }) => [b.mul(dy, b.cast(b.equal(x, y), 'float32'))],
    }),
    inputs: [{ shape: ['N', 3], fill: tied }],
    attrs: { axes: [1], keepdims: 1 },
  },
  {
    mistake: 'a maximum that is given to the first operand alone where both are equal',
    op: {
      ...ops.Max,
      gradient: ({ b, x: [u, v], dy }) =>
        u === undefined || v === undefined
          ? []
          : [b.where(b.less(u, v), 0, dy), b.where(b.less(u, v), dy, 0)],
    },
    inputs: [
      { shape: [6], fill: () => 0.5 },
      { shape: [6], fill: tied },
    ],
  },
  {
    mistake: 'overlapping pooling windows whose gradients overwrite each other',
    op: defineOp<1, PoolAttrs>({
      name: 'MaxPool',
      source: '',
      infer: ([x], attrs) => ops.MaxPool.infer([x], { ...attrs }),
      gradient: ({ b, x: [x], outputs: [, indices], dy }) =>
        indices === undefined ? [] : [b.maxUnpool(dy, indices, x)],
    }),
    inputs: [{ shape: [1, 1, 5, 5], fill: (_, i) => (i === 12 ? 2 : i * 0.01) }],
    attrs: { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 0, 0, 0] },
  },
  {
    mistake: 'NaN',
    op: unary('Sigmoid', ({ b, y, dy }) => [b.mul(dy, b.log(b.neg(y)))]),
    inputs: [{ shape: ['N', 3] }],
    message: /got NaN: not finite/,
  },
  {
    mistake: 'NaN hidden behind a 0',
    op: unary('Relu', ({ b, x, dy }) => [b.mul(dy, b.div(b.max(first(x), 0), b.relu(first(x))))]),
    inputs: [{ shape: ['N', 3], fill: (u) => u - 0.25 }],
    message: /got NaN: not finite/,
  },
  {
    mistake: 'infinity',
    op: unary('Log', ({ b, x, dy }) => [b.div(dy, b.mul(first(x), 0))]),
    inputs: [{ shape: ['N', 3], fill: positive }],
    message: /got -?Infinity: not finite/,
  },
  {
    mistake: 'pads taken the wrong way round',
    op: wrongConv(({ b, x: [x, w], dy, attrs }) => {
      const [, , h, width] = nchw('Conv', x);
      const { pads } = attrs;
      const turned = { ...attrs, pads: [pads[2], pads[3], pads[0], pads[1]] as const };
      return [b.convInputGrad(dy, w, [h, width], turned), b.convWeightGrad(x, dy, attrs)];
    }),
    inputs: convInputs,
    attrs: { ...three },
  },
  {
    mistake: 'a weight gradient that forgets half of the image',
    op: wrongConv(({ b, x: [x, w], dy, attrs }) => {
      const [, , h, width] = nchw('Conv', x);
      const top = b.slice(x, { axes: [2], starts: [0], ends: [2] });
      const seen = b.pad(top, [0, 0, 0, 0, 0, 0, h - 2, 0]);
      return [b.convInputGrad(dy, w, [h, width], attrs), b.convWeightGrad(seen, dy, attrs)];
    }),
    inputs: convInputs,
    attrs: { ...three },
  },
  {
    mistake: 'a gradient of the wrong shape',
    op: { ...ops.Transpose, gradient: ({ dy }) => [dy] },
    inputs: [{ shape: [2, 3] }],
    attrs: { perm: [1, 0] },
    message: /expected a gradient of shape \[2,3\] for 'x0', got \[3,2\]/,
  },
  {
    mistake: 'a square matrix left transposed',
    op: { ...ops.Transpose, gradient: ({ dy }) => [dy] },
    inputs: [{ shape: [3, 3] }],
    attrs: { perm: [1, 0] },
  },
  {
    mistake: 'a forgotten input',
    op: { ...ops.Mul, gradient: ({ b, x, dy }) => [undefined, b.mul(dy, first(x))] },
    inputs: [{ shape: [3] }, { shape: [3] }],
    message: /does not depend on 'x0' differentiably/,
  },
];

import type { Shape, Value } from '../../../src/ir/index.js';
import type { BatchNormState, Builder } from '../../../src/ops/index.js';
import { positive, type CheckedInput, type GradientCase } from '../check.js';
import { convAttrs, value } from './make.js';

type Named = Readonly<Record<string, Value>>;

/** Inputs of a batch normalisation over `channels`; the running statistics only steer. */
const stateInputs = (channels: number): Readonly<Record<string, CheckedInput>> => ({
  scale: { shape: [channels], fill: positive },
  bias: { shape: [channels] },
  mean: { shape: [channels], differentiable: false },
  variance: { shape: [channels], differentiable: false, fill: positive },
});

const stateOf = (x: Named): BatchNormState => ({
  scale: value(x, 'scale'),
  bias: value(x, 'bias'),
  mean: value(x, 'mean'),
  variance: value(x, 'variance'),
});

const train = (b: Builder, x: Value, named: Named): Value =>
  b.batchNormTrain(x, stateOf(named), { momentum: 0.1, eps: 1e-5 }).y;

const evaluate = (b: Builder, x: Value, named: Named): Value => b.batchNormalization(x, stateOf(named), 1e-5);

const shapes: readonly (readonly [string, Shape])[] = [
  ['an image', ['N', 2, 3, 3]],
  ['one pixel', ['N', 3, 1, 1]],
  ['one channel', ['N', 1, 2, 3]],
  ['a vector', ['N', 3]],
];

export const normCases: readonly GradientCase[] = [
  ...shapes.flatMap(([what, shape]): GradientCase[] => [
    {
      name: `BatchNormTrain, ${what}`,
      inputs: { x: { shape }, ...stateInputs(Number(shape[1])) },
      build: (b, x) => train(b, value(x, 'x'), x),
    },
    {
      name: `BatchNormalization, ${what}`,
      inputs: { x: { shape }, ...stateInputs(Number(shape[1])) },
      build: (b, x) => evaluate(b, value(x, 'x'), x),
    },
  ]),
  {
    name: 'BatchNormTrain, a batch of one',
    inputs: { x: { shape: [1, 2, 3, 2] }, ...stateInputs(2) },
    build: (b, x) => train(b, value(x, 'x'), x),
  },
  {
    name: 'BatchNormalization, a batch of one at one pixel',
    inputs: { x: { shape: [1, 2, 1, 1] }, ...stateInputs(2) },
    build: (b, x) => evaluate(b, value(x, 'x'), x),
  },
  {
    name: 'BatchNormTrain, a mean far from 0',
    inputs: { x: { shape: ['N', 2, 3, 3], fill: (u) => 16 + u }, ...stateInputs(2) },
    build: (b, x) => train(b, value(x, 'x'), x),
  },
  {
    name: 'batch normalisation after a convolution, without ReLU',
    inputs: { x: { shape: ['N', 2, 4, 4] }, w: { shape: [3, 2, 3, 3] }, ...stateInputs(3) },
    build: (b, x) => {
      const strided = convAttrs({ kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
      return b.tanh(train(b, b.conv(value(x, 'x'), value(x, 'w'), undefined, strided), x));
    },
  },
  {
    name: 'Dropout: the gradient goes through the same mask',
    inputs: { x: { shape: ['N', 3, 2, 2] } },
    build: (b, x) => {
      const mask = b.dropoutMask(value(x, 'x'), b.scalar(7, 'int32'), { ratio: 0.4, seed: 5 });
      return b.mul(b.exp(value(x, 'x')), mask);
    },
  },
];

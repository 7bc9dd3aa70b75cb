import type { Value } from '../../../src/ir/index.js';
import { ops, type Builder } from '../../../src/ops/index.js';
import { apart, awayFromZero, positive, type CheckedInput, type Fill, type GradientCase } from '../check.js';
import { binaryCase, unaryCase, value } from './make.js';

const image = ['N', 3, 2, 2] as const;

type Binary = (b: Builder, u: Value, v: Value) => Value;

/** Equal shapes, a channel vector, a scalar, an outer product, and a symbol on one side only. */
function everyBroadcast(name: string, op: Binary, fills: readonly (Fill | undefined)[] = []): GradientCase[] {
  const shapes = [
    ['same shapes', image, image],
    ['channel on the right', image, [1, 3, 1, 1]],
    ['channel on the left', [3, 1, 1], image],
    ['scalar on the right', ['N', 3], []],
    ['scalar on the left', [], ['N', 3]],
    ['one element of rank 2', [1, 1], ['N', 3]],
    ['outer product', ['N', 1], [1, 3]],
    ['outer product of ranks 2 and 1', ['N', 1], [3]],
  ] as const;
  return shapes.map(([what, u, v]) =>
    binaryCase(`${name}, ${what}`, { shape: u, ...filled(fills[0]) }, { shape: v, ...filled(fills[1]) }, op),
  );
}

const filled = (fill?: Fill): Pick<CheckedInput, 'fill'> => (fill === undefined ? {} : { fill });

/** Equal at every other element, where each operand takes half, as a central difference also says. */
const halfTied: Fill = (_, i) => (i % 2 === 0 ? 0.5 : i * 0.25);
const tiedWith: Fill = (_, i) => (i % 2 === 0 ? 0.5 : 1 - i * 0.25);

const masked: Readonly<Record<string, CheckedInput>> = {
  a: { shape: ['N', 3] },
  b: { shape: [3] },
  mask: { shape: ['N', 1], differentiable: false },
};

export const elementwiseCases: readonly GradientCase[] = [
  ...everyBroadcast('Add', (b, u, v) => b.add(u, v)),
  ...everyBroadcast('Sub', (b, u, v) => b.sub(u, v)),
  ...everyBroadcast('Mul', (b, u, v) => b.mul(u, v)),
  ...everyBroadcast('Div', (b, u, v) => b.div(u, v), [undefined, positive]),
  ...everyBroadcast('Pow', (b, u, v) => b.pow(u, v), [positive, undefined]),
  ...everyBroadcast('Max', (b, u, v) => b.max(u, v), [apart, undefined]),
  ...everyBroadcast('Min', (b, u, v) => b.min(u, v), [apart, undefined]),
  ...(['Max', 'Min'] as const).flatMap((name): GradientCase[] => [
    {
      name: `${name} of three that broadcast`,
      inputs: {
        u: { shape: ['N', 3, 2], fill: apart },
        v: { shape: [3, 1], fill: (_, i) => 0.31 - 0.3 * i },
        w: { shape: [] },
      },
      build: (b, x) => b.emit(ops[name], [x['u'], x['v'], x['w']]),
    },
    {
      name: `${name} of four, all different`,
      inputs: Object.fromEntries(
        ['p', 'q', 'r', 's'].map((input, k) => [
          input,
          { shape: [12], fill: ((_, i) => ((i * 5 + k * 7) % 13) * 0.2 + 0.01 * k) satisfies Fill },
        ]),
      ),
      build: (b, x) => b.emit(ops[name], [x['p'], x['q'], x['r'], x['s']]),
    },
    unaryCase(`${name} of one`, ['N', 2], (b, x) => b.exp(b.emit(ops[name], [x]))),
  ]),
  binaryCase('Max with ties', { shape: [6], fill: halfTied }, { shape: [6], fill: tiedWith }, (b, u, v) =>
    b.max(u, v),
  ),
  binaryCase('Min with ties', { shape: [6], fill: halfTied }, { shape: [6], fill: tiedWith }, (b, u, v) =>
    b.min(u, v),
  ),
  binaryCase('Div by a negative number', { shape: ['N', 3] }, { shape: [3], fill: (u) => u - 2 }, (b, u, v) =>
    b.div(u, v),
  ),
  unaryCase('Pow of a constant exponent', image, (b, x) => b.pow(x, 2.5), positive),
  unaryCase(
    'Pow of a negative base with exponent 3',
    ['N', 3],
    (b, x) => b.pow(x, 3),
    (u) => u - 2,
  ),
  unaryCase('Mul of a value with itself', image, (b, x) => b.mul(x, x)),
  unaryCase('Sub of a value from a number', image, (b, x) => b.sub(2, x)),

  {
    name: 'Where, both sides broadcast',
    inputs: masked,
    build: (b, x) => b.where(b.greater(value(x, 'mask'), 0), value(x, 'a'), value(x, 'b')),
  },
  {
    name: 'Where, the condition is the largest',
    inputs: { ...masked, mask: { shape: ['N', 2, 3], differentiable: false }, a: { shape: [2, 1] } },
    build: (b, x) => b.where(b.less(value(x, 'mask'), 0.1), value(x, 'a'), value(x, 'b')),
  },
  {
    name: 'Where with numbers',
    inputs: { a: { shape: ['N', 3] }, mask: { shape: ['N', 3], differentiable: false } },
    build: (b, x) => {
      const condition = b.greater(value(x, 'mask'), 0);
      return b.add(b.where(condition, value(x, 'a'), 3), b.where(condition, -1, value(x, 'a')));
    },
  },

  unaryCase('Neg', image, (b, x) => b.neg(x)),
  unaryCase('Abs', image, (b, x) => b.abs(x), awayFromZero),
  unaryCase('Exp', image, (b, x) => b.exp(x)),
  unaryCase('Log', image, (b, x) => b.log(x), positive),
  unaryCase('Sqrt', image, (b, x) => b.sqrt(x), positive),
  unaryCase('Reciprocal', image, (b, x) => b.reciprocal(x), awayFromZero),
  unaryCase(
    'Erf',
    image,
    (b, x) => b.erf(x),
    (u) => 2 * u,
  ),
  unaryCase('Relu', image, (b, x) => b.relu(x), awayFromZero),
  unaryCase(
    'Sigmoid',
    image,
    (b, x) => b.sigmoid(x),
    (u) => 3 * u,
  ),
  unaryCase(
    'Tanh',
    image,
    (b, x) => b.tanh(x),
    (u) => 2 * u,
  ),
  unaryCase('Identity', image, (b, x) => b.identity(x)),
  unaryCase('Cast to float64 and back', image, (b, x) => b.cast(b.exp(b.cast(x, 'float64')), 'float32')),
  unaryCase('Exp of a scalar', [], (b, x) => b.exp(x)),
];

import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/index.js';
import type { Graph, Value } from '../../src/ir/index.js';
import { Builder } from '../../src/ops/index.js';
import { poolAttrs } from '../gradient/cases/make.js';
import { runOrt } from '../helpers/ort.js';
import { ndarray, type NdArray } from '../reference/array.js';
import { evaluate } from '../reference/evaluate.js';

interface Kink {
  readonly name: string;
  readonly inputs: Readonly<Record<string, NdArray>>;
  readonly build: (b: Builder, input: (name: string) => Value) => Value;
  /** Gradients of the sum of the result, all exact in float32. */
  readonly expected: Readonly<Record<string, readonly number[]>>;
}

const vector = (...values: readonly number[]): NdArray => ndarray([values.length], values);

/**
 * Points without a derivative, which finite differences do not reach: there the convention counts. All expected values
 * are PyTorch's: relu, abs, maximum, amax, pow, and max_pool2d, where the first maximum in row-major order takes all.
 */
const kinks: readonly Kink[] = [
  {
    name: 'relu at 0 has the gradient 0',
    inputs: { x: vector(-1, -0, 0, 1) },
    build: (b, input) => b.relu(input('x')),
    expected: { x: [0, 0, 0, 1] },
  },
  {
    name: '|x| at 0 has the gradient 0',
    inputs: { x: vector(-2, 0, 2) },
    build: (b, input) => b.abs(input('x')),
    expected: { x: [-1, 0, 1] },
  },
  {
    name: 'equal operands of a maximum take half each',
    inputs: { x: vector(1, 2, 3), y: vector(2, 2, 2) },
    build: (b, input) => b.max(input('x'), input('y')),
    expected: { x: [0, 0.5, 1], y: [1, 0.5, 0] },
  },
  {
    name: 'equal maxima along an axis share',
    inputs: { x: ndarray([2, 4], [5, 1, 5, 0, 7, 7, 7, 7]) },
    build: (b, input) => b.reduceMax(input('x'), [1]),
    expected: { x: [0.5, 0, 0.5, 0, 0.25, 0.25, 0.25, 0.25] },
  },
  {
    name: 'x^0 has the gradient 0 at x = 0 too',
    inputs: { x: vector(0, 2), p: vector(0, 0) },
    build: (b, input) => b.pow(input('x'), input('p')),
    expected: { x: [0, 0] },
  },
  {
    name: '0^p has the gradient 0 with respect to p',
    inputs: { x: vector(0, 1), p: vector(2, 3) },
    build: (b, input) => b.pow(input('x'), input('p')),
    expected: { x: [0, 3], p: [0, 0] },
  },
  {
    name: 'max-pooling a constant image: the first pixel of each window',
    inputs: { x: ndarray([1, 1, 4, 4], Array<number>(16).fill(3)) },
    build: (b, input) => b.maxPool(input('x'), poolAttrs({ kernel: [2, 2] }))[0],
    expected: { x: [1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0] },
  },
  {
    name: 'max-pooling a constant image, overlapping and padded: gradients add up',
    inputs: { x: ndarray([1, 1, 3, 3], Array<number>(9).fill(-1)) },
    build: (b, input) =>
      b.maxPool(input('x'), poolAttrs({ kernel: [2, 2], strides: [1, 1], pads: [1, 1, 0, 0] }))[0],
    // Windows at the border see fewer pixels; each gives to its first: rows and columns 0, 0, 1.
    expected: { x: [4, 2, 0, 2, 1, 0, 0, 0, 0] },
  },
];

function graphOf({ inputs, build, expected }: Kink): Graph {
  const b = new Builder();
  const values = new Map(
    Object.entries(inputs).map(([name, { shape }]) => [name, b.input(name, 'float32', shape)] as const),
  );
  const input = (name: string): Value => {
    const value = values.get(name);
    if (value === undefined) throw new TypeError(`no input ${name}`);
    return value;
  };
  const y = build(b, input);
  const loss = b.reduceSum(
    y,
    y.shape.map((_, axis) => axis),
  );
  const wanted = Object.keys(expected);
  const grads = gradients(b, loss, wanted.map(input));
  return b.finish(
    'kink',
    grads.map((value, i) => ({ name: `grad.${wanted[i] ?? ''}`, value })),
  );
}

describe.each(kinks)('$name', (kink) => {
  const wanted = Object.entries(kink.expected).map(([name, values]) => [`grad.${name}`, values]);
  const plain = (results: Readonly<Record<string, NdArray>>): unknown =>
    // -0 is 0 here.
    Object.fromEntries(
      Object.entries(results).map(([name, { data }]) => [name, Array.from(data, (v) => v + 0)]),
    );

  test('in the float64 reference', () => {
    expect(plain(evaluate(graphOf(kink), kink.inputs))).toEqual(Object.fromEntries(wanted));
  });

  test('in ONNX Runtime', async () => {
    expect(plain(await runOrt(graphOf(kink), kink.inputs))).toEqual(Object.fromEntries(wanted));
  });
});

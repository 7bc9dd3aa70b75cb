import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/index.js';
import { GradientError } from '../../src/errors.js';
import { prune, tensorOf, type Value } from '../../src/ir/index.js';
import { Builder, ops, type Op } from '../../src/ops/index.js';
import { ndarray, type NdArray } from '../reference/array.js';
import { evaluate } from '../reference/evaluate.js';

/** Numbers of values of a builder's graph. */
function numbers(
  b: Builder,
  wanted: readonly Value[],
  feeds: Readonly<Record<string, NdArray>>,
): readonly (readonly number[])[] {
  const outputs = wanted.map((value, i) => ({ name: `out${i}`, value: b.identity(value) }));
  const results = evaluate(prune(b.finish('test', outputs)), feeds);
  return outputs.map(({ name }) => Array.from(results[name]?.data ?? []));
}

const vector = (...values: readonly number[]): NdArray => ndarray([values.length], values);
const sum = (b: Builder, x: Value): Value =>
  b.reduceSum(
    x,
    x.shape.map((_, axis) => axis),
  );

describe('accumulation', () => {
  test('sums over all uses of a value', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [2]);
    // x + x x + 3 x, so 1 + 2x + 3.
    const grads = gradients(b, sum(b, b.add(b.add(x, b.mul(x, x)), b.mul(x, 3))), [x]);
    expect(numbers(b, grads, { x: vector(2, -5) })).toEqual([[8, -6]]);
  });

  test('counts an operand that is given twice, twice', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [2]);
    const grads = gradients(b, sum(b, b.concat([x, b.add(x, x)], 0)), [x]);
    expect(numbers(b, grads, { x: vector(1, 1) })).toEqual([[3, 3]]);
  });

  test('goes through a diamond once an edge', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [1]);
    let y = x;
    for (let i = 0; i < 10; i++) y = b.add(y, y);
    const before = b.nodes.length;
    const grads = gradients(b, sum(b, y), [x]);
    expect(numbers(b, grads, { x: vector(1) })).toEqual([[1024]]);
    // Ten additions, one an edge pair, and the seed's reshape and expand: not 2^10 paths.
    expect(b.nodes.length - before).toBeLessThan(20);
  });
});

describe('un-broadcasting', () => {
  test.each([
    [[], [12]],
    [[1], [12]],
    [[3], [4, 4, 4]],
    [
      [4, 1],
      [3, 3, 3, 3],
    ],
    [[1, 1], [12]],
  ] as const)('sums over the axes along which %j was repeated', (shape, expected) => {
    const b = new Builder();
    const [x, y] = [b.input('x', 'float32', shape), b.input('y', 'float32', [4, 3])];
    const grads = gradients(b, sum(b, b.add(x, y)), [x]);
    expect(grads[0]?.shape).toEqual(shape);
    const size = shape.reduce<number>((n, d) => n * d, 1);
    const feeds = {
      x: ndarray(shape, Array<number>(size).fill(1)),
      y: ndarray([4, 3], Array<number>(12).fill(1)),
    };
    expect(numbers(b, grads, feeds)).toEqual([expected]);
  });

  test('sums over a symbolic batch', () => {
    const b = new Builder();
    const [bias, x] = [b.input('bias', 'float32', [2]), b.input('x', 'float32', ['N', 2])];
    const grads = gradients(b, sum(b, b.add(x, bias)), [bias]);
    expect(numbers(b, grads, { bias: vector(0, 0), x: ndarray([5, 2], Array<number>(10).fill(1)) })).toEqual([
      [5, 5],
    ]);
  });

  test('refuses a rule whose gradient cannot be of its input, and names node and layer', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [2, 3]);
    const wrong: Op = { ...ops.Relu, gradient: ({ b: e, dy }) => [e.reshape(dy, [3, 2])] };
    const y = b.scope('stage1', () => b.emit(wrong, [x]));
    expect(() => gradients(b, sum(b, y), [x])).toThrow(
      /^Relu 'stage1\.relu' \(layer stage1\): expected a gradient of shape \[2,3\] for 'x', got \[3,2\]$/,
    );
  });
});

describe('the three answers', () => {
  test('a rule: only what is wanted is differentiated', () => {
    const b = new Builder();
    const [x, y] = [b.input('x', 'float32', [2]), b.input('y', 'float32', [2])];
    const loss = sum(b, b.mul(b.exp(x), y));
    gradients(b, loss, [y]);
    // One Mul forwards and two in Mul's rule; the path to x would add that of Exp's rule.
    expect(b.nodes.filter(({ op }) => op.name === 'Mul')).toHaveLength(3);
    gradients(b, loss, [x]);
    expect(b.nodes.filter(({ op }) => op.name === 'Mul')).toHaveLength(3 + 3);
  });

  test('none: nothing flows, other paths do', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [3]);
    const grads = gradients(b, sum(b, b.add(b.mul(x, 2), b.sign(x))), [x]);
    expect(numbers(b, grads, { x: vector(-1, 0, 4) })).toEqual([[2, 2, 2]]);
  });

  test('none alone: the loss does not depend on x differentiably', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [3]);
    expect(() => gradients(b, sum(b, b.sign(x)), [x])).toThrow(GradientError);
    expect(() => gradients(b, sum(b, b.sign(x)), [x])).toThrow(
      /^loss 'reduce_sum(_\d)?' does not depend on 'x' differentiably$/,
    );
  });

  test('a value that the loss does not use at all', () => {
    const b = new Builder();
    const [x, unused] = [b.input('x', 'float32', [2]), b.input('unused', 'float32', [2])];
    expect(() => gradients(b, sum(b, x), [x, unused])).toThrow(/does not depend on 'unused' differentiably/);
  });

  test('an integer on the way stops the gradient', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [2]);
    const rounded = b.cast(b.cast(x, 'int32'), 'float32');
    expect(() => gradients(b, sum(b, rounded), [x])).toThrow(/does not depend on 'x' differentiably/);
  });

  test('refuse: an error with the reason, the node and its layer', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [3]);
    const index = b.constant(tensorOf('int64', [1], [2]));
    const y = b.scope('head', () => b.emit(ops.Gather, [x, index], { axis: 0 }));
    expect(() => gradients(b, sum(b, y), [x])).toThrow(GradientError);
    expect(() => gradients(b, sum(b, y), [x])).toThrow(
      /^Gather 'head\.gather' \(layer head\): Gather cannot be differentiated: ort-train gathers only shapes/,
    );
  });

  test('refuse off the path does not matter', () => {
    const b = new Builder();
    const [x, other] = [b.input('x', 'float32', [2]), b.input('other', 'float32', [3])];
    const index = b.constant(tensorOf('int64', [1], [2]));
    const picked = b.emit(ops.Gather, [other, index], { axis: 0 });
    const grads = gradients(b, sum(b, b.mul(x, picked)), [x]);
    expect(numbers(b, grads, { x: vector(1, 1), other: vector(5, 6, 7) })).toEqual([[7, 7]]);
  });

  test('every operator gives one, with its reason', () => {
    for (const { name, gradient } of Object.values(ops)) {
      if (typeof gradient === 'function') continue;
      expect('none' in gradient ? gradient.none : gradient.refuse, name).toMatch(/\w/);
    }
  });
});

describe('the loss', () => {
  test.each([['N'], [3], [1]])('must be a scalar, not [%s]', (dim) => {
    const b = new Builder();
    const x = b.input('x', 'float32', [dim]);
    expect(() => gradients(b, b.exp(x), [x])).toThrow(/^loss 'exp': expected a scalar, got float32\[.\]$/);
  });

  test('must be a floating-point number', () => {
    const b = new Builder();
    const x = b.input('x', 'int32', []);
    expect(() => gradients(b, x, [x])).toThrow(/loss 'x': expected float32 or float64, got int32\[\]/);
  });

  test('may be float64', () => {
    const b = new Builder();
    const x = b.input('x', 'float64', [2, 2]);
    const top = b.max(b.reduceMax(x, [1]), b.reduceMean(x, [1]));
    const grads = gradients(b, b.reduceSum(top, [0]), [x]);
    expect(grads[0]?.dtype).toBe('float64');
    expect(numbers(b, grads, { x: ndarray([2, 2], [1, 3, 5, 0]) })).toEqual([[0, 1, 1, 0]]);
  });

  test('has the gradient 1 with respect to itself', () => {
    const b = new Builder();
    const loss = sum(b, b.input('x', 'float32', [2]));
    expect(numbers(b, gradients(b, loss, [loss]), { x: vector(1, 2) })).toEqual([[1]]);
  });
});

describe('values inside the graph', () => {
  test('have gradients like inputs, and those below them too', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [2]);
    const hidden = b.mul(x, x);
    const grads = gradients(b, sum(b, b.mul(hidden, 3)), [hidden, x]);
    expect(numbers(b, grads, { x: vector(2, -1) })).toEqual([
      [3, 3],
      [12, -6],
    ]);
  });

  test('come back in the order in which they were asked for', () => {
    const b = new Builder();
    const [x, y] = [b.input('x', 'float32', [1]), b.input('y', 'float32', [1])];
    const loss = sum(b, b.mul(x, y));
    const feeds = { x: vector(2), y: vector(7) };
    expect(numbers(b, gradients(b, loss, [y, x, y]), feeds)).toEqual([[2], [7], [2]]);
  });

  test('the second output of a node cannot be differentiated', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [1, 1, 2, 2]);
    const split: Op = {
      ...ops.Identity,
      infer: ([v]) => (v === undefined ? [] : [v, v]),
      gradient: ({ dy }) => [dy],
    };
    const [, second] = b.emitAll(split, [x]);
    expect(() => gradients(b, sum(b, second ?? x), [x])).toThrow(
      /only its first output can be differentiated/,
    );
  });
});

describe('second derivatives', () => {
  test('of x^3 are 6x', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [3]);
    const first = gradients(b, sum(b, b.mul(x, b.mul(x, x))), [x]);
    const second = first.flatMap((grad) => gradients(b, sum(b, grad), [x]));
    expect(numbers(b, [...first, ...second], { x: vector(1, -2, 3) })).toEqual([
      [3, 12, 27],
      [6, -12, 18],
    ]);
  });

  test('of x y with respect to x and y are mixed: 1', () => {
    const b = new Builder();
    const [x, y] = [b.input('x', 'float32', []), b.input('y', 'float32', [])];
    const [dx] = gradients(b, b.mul(x, y), [x]);
    const mixed = dx === undefined ? [] : gradients(b, dx, [y]);
    expect(numbers(b, mixed, { x: ndarray([], [3]), y: ndarray([], [4]) })).toEqual([[1]]);
  });

  test('through max-pooling are refused, with the reason', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [1, 1, 2, 2]);
    const [y] = b.maxPool(x, { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] });
    const grads = gradients(b, sum(b, b.mul(y, y)), [x]);
    expect(() => grads.map((grad) => gradients(b, sum(b, grad), [x]))).toThrow(
      /MaxPoolGrad cannot be differentiated: second derivatives through max-pooling/,
    );
  });
});

test('the backward pass belongs to the layers of the forward pass', () => {
  const b = new Builder();
  const x = b.input('x', 'float32', [2]);
  const y = b.scope('stage1', () => b.tanh(x));
  const before = b.nodes.length;
  gradients(b, sum(b, y), [x]);
  const layers = b.nodes.slice(before + 1).map(({ layer }) => layer);
  expect(layers.filter((layer) => layer === 'stage1')).toHaveLength(3);
});

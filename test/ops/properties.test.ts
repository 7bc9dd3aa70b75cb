import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/index.js';
import { ShapeError } from '../../src/errors.js';
import { mulDims, type Value } from '../../src/ir/index.js';
import { Builder } from '../../src/ops/index.js';
import { fill } from '../helpers/golden.js';
import { ndarray, product, type NdArray } from '../reference/array.js';
import { evaluate } from '../reference/evaluate.js';

/** The seed of every property here; each failure prints the counterexample. */
const seeded = { seed: 20_240_602, numRuns: 150 };

const numbersFor = (shape: readonly number[], seed = 1): NdArray =>
  ndarray(shape, fill(seed, product(shape)));

/** y = f(x) and the gradient of sum(y cotangent), all numbers from the reference. */
function run(
  f: (b: Builder, x: Value) => Value,
  x: NdArray,
): { readonly y: NdArray; readonly cotangent: NdArray; readonly dx: NdArray } {
  const b = new Builder();
  const input = b.input('x', 'float32', x.shape);
  const y = f(b, input);
  const weighted = b.mul(y, b.input('cotangent', 'float32', y.shape));
  const axes = y.shape.map((_, axis) => axis);
  const loss = axes.length === 0 ? weighted : b.reduceSum(weighted, axes);
  const [dx] = gradients(b, loss, [input]);
  if (dx === undefined) throw new TypeError('no gradient');
  const cotangent = numbersFor(y.shape.map(Number), 2);
  const outputs = [
    { name: 'y', value: b.identity(y) },
    { name: 'dx', value: b.identity(dx) },
  ];
  const results = evaluate(b.finish('property', outputs), { x, cotangent });
  const { y: ys, dx: dxs } = results;
  if (ys === undefined || dxs === undefined) throw new TypeError('no results');
  return { y: ys, cotangent, dx: dxs };
}

const dot = (a: NdArray, b: NdArray): number =>
  a.data.reduce((total, value, i) => total + value * (b.data[i] ?? NaN), 0);

/**
 * For a linear f the gradient is the adjoint: <f(x), c> = <x, f'(c)>, an identity that no finite difference blurs.
 * Float64 sums of at most some hundred terms of size 1: 1e-12.
 */
function expectAdjoint(f: (b: Builder, x: Value) => Value, x: NdArray): NdArray {
  const { y, cotangent, dx } = run(f, x);
  expect(dx.shape).toEqual(x.shape);
  expect(Math.abs(dot(y, cotangent) - dot(x, dx))).toBeLessThan(1e-12);
  return y;
}

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
const shapeAndOrder = shapes.chain((shape) =>
  fc.tuple(
    fc.constant(shape),
    fc.shuffledSubarray(
      shape.map((_, axis) => axis),
      { minLength: shape.length, maxLength: shape.length },
    ),
  ),
);

describe('slicing', () => {
  const index = fc.integer({ min: -12, max: 12 });
  const step = fc.integer({ min: -4, max: 4 }).filter((n) => n !== 0);
  const range = fc.tuple(fc.integer({ min: 1, max: 9 }), index, index, step);

  /** Python's range(size)[start:end:step], by trying every index in the order of the step. */
  function chosen(size: number, start: number, end: number, by: number): number[] {
    const from = start < 0 ? start + size : start;
    const to = end < 0 ? end + size : end;
    const forwards = Array.from({ length: size }, (_, i) => i);
    const inside =
      by > 0 ? forwards.filter((i) => i >= from && i < to) : forwards.filter((i) => i <= from && i > to);
    const ordered = by > 0 ? inside : inside.reverse();
    return ordered.filter((_, k) => k % Math.abs(by) === 0);
  }

  test('picks what Python picks, and refuses what is empty', () => {
    fc.assert(
      fc.property(range, ([size, start, end, by]) => {
        const wanted = chosen(size, start, end, by);
        const slice = (b: Builder, x: Value): Value =>
          b.slice(x, { axes: [0], starts: [start], ends: [end], steps: [by] });
        const x = ndarray(
          [size],
          Array.from({ length: size }, (_, i) => i),
        );
        if (wanted.length === 0) expect(() => run(slice, x)).toThrow(ShapeError);
        else expect(Array.from(run(slice, x).y.data)).toEqual(wanted);
      }),
      { ...seeded, numRuns: 400 },
    );
  });

  test('its gradient is its adjoint, along any axes', () => {
    fc.assert(
      fc.property(range, range, ([size, start, end, by], [size2, start2, end2, by2]) => {
        fc.pre(chosen(size, start, end, by).length > 0 && chosen(size2, start2, end2, by2).length > 0);
        const attrs = { axes: [2, 0], starts: [start2, start], ends: [end2, end], steps: [by2, by] };
        expectAdjoint((b, x) => b.slice(x, attrs), numbersFor([size, 2, size2]));
      }),
      seeded,
    );
  });
});

describe('transposing', () => {
  test('back again gives x, and the gradient is the adjoint', () => {
    fc.assert(
      fc.property(shapeAndOrder, ([shape, perm]) => {
        const x = numbersFor(shape);
        const inverse = perm.map((_, axis) => perm.indexOf(axis));
        expect(run((b, v) => b.transpose(b.transpose(v, perm), inverse), x).y).toEqual(x);
        expectAdjoint((b, v) => b.transpose(v, perm), x);
      }),
      seeded,
    );
  });

  test('and reshaping keeps the elements', () => {
    fc.assert(
      fc.property(shapeAndOrder, ([shape, perm]) => {
        const x = numbersFor(shape);
        const y = expectAdjoint((b, v) => b.reshape(b.transpose(v, perm), [product(shape)]), x);
        expect(Array.from(y.data).sort()).toEqual(Array.from(x.data).sort());
      }),
      seeded,
    );
  });
});

describe('padding, concatenating, reducing, broadcasting', () => {
  test('padding: the gradient is the adjoint', () => {
    const pads = fc.array(fc.nat(2), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(shapes, pads, (shape, all) => {
        expectAdjoint((b, x) => b.pad(x, all.slice(0, 2 * shape.length)), numbersFor(shape));
      }),
      seeded,
    );
  });

  test('concatenating with itself and slicing apart: the gradient is the adjoint', () => {
    fc.assert(
      fc.property(shapes, fc.nat(3), (shape, pick) => {
        const axis = pick % shape.length;
        const n = shape[axis] ?? 1;
        const f = (b: Builder, x: Value): Value => {
          const both = b.concat([x, b.mul(x, 2)], axis);
          return b.slice(both, { axes: [axis], starts: [Math.floor(n / 2)], ends: [2 * n] });
        };
        expectAdjoint(f, numbersFor(shape));
      }),
      seeded,
    );
  });

  test('sum and mean: the gradient is the adjoint, axes counted from either end', () => {
    const reduction = fc.constantFrom('reduceSum' as const, 'reduceMean' as const);
    fc.assert(
      fc.property(
        shapeAndOrder,
        fc.nat(3),
        fc.boolean(),
        fc.boolean(),
        reduction,
        (sorted, many, keep, back, op) => {
          const [shape, perm] = sorted;
          const axes = perm
            .slice(0, 1 + (many % shape.length))
            .map((axis) => (back ? axis - shape.length : axis));
          expectAdjoint((b, x) => b[op](x, axes, keep), numbersFor(shape));
        },
      ),
      seeded,
    );
  });

  test('an operand that broadcasts has a gradient of its own shape, the adjoint', () => {
    const ones = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(shapes, ones, fc.nat(4), (full, one, dropped) => {
        const own = full.map((n, i) => (one[i] === true ? 1 : n)).slice(Math.min(dropped, full.length));
        const other = numbersFor(full, 3);
        const f = (b: Builder, x: Value): Value => {
          const constant = b.constant({ dtype: 'float32', shape: full, data: Float32Array.from(other.data) });
          return b.sub(b.mul(x, constant), b.expandLike(x, constant));
        };
        expectAdjoint(f, numbersFor(own));
      }),
      seeded,
    );
  });
});

test('a graph with the symbol N, bound, has the shapes of the graph built with the number', () => {
  const body = (b: Builder, n: number | string): readonly Value[] => {
    const x = b.input('x', 'float32', [n, 2, 3]);
    const flat = b.reshape(x, [mulDims(n, 2), 3]);
    return [
      flat,
      b.transpose(flat, [1, 0]),
      b.reduceMean(flat, [1]),
      b.matMul(flat, b.transpose(flat, [1, 0])),
    ];
  };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), (n) => {
      const [open, closed] = [body(new Builder(), 'N'), body(new Builder(), n)];
      open.forEach(({ shape }, i) => {
        const bound = shape.map((dim) => (dim === '2*N' ? 2 * n : dim));
        expect(bound).toEqual(closed[i]?.shape);
      });
    }),
    { seed: 20_240_603, numRuns: 9 },
  );
});

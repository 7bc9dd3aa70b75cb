import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  broadcastShapes,
  formatShape,
  isStatic,
  mulDims,
  newArray,
  normaliseAxis,
  sizeOf,
  splitDim,
  staticSize,
  tensorOf,
  type Dim,
} from '../../src/ir/index.js';
import { at, product } from '../reference/array.js';
import { bindShape } from '../helpers/bind-shape.js';

/** The seed of every property here; each failure prints the counterexample. */
const seeded = { seed: 20_240_601, numRuns: 200 };

const lengths = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 });
const dim: fc.Arbitrary<Dim> = fc.oneof(
  fc.integer({ min: 1, max: 9 }),
  fc.constant('N'),
  fc.integer({ min: 2, max: 9 }).map((factor) => `${factor}*N`),
);

/** Length of a dimension when N is 7. */
const valueOf = (d: Dim): number => at(bindShape([d], { N: 7 }).map(Number), 0);

describe('dimensions', () => {
  test('a product, bound, is the product of the bound', () => {
    fc.assert(
      fc.property(dim, fc.integer({ min: 1, max: 9 }), (d, n) => {
        expect(valueOf(mulDims(d, n))).toBe(valueOf(d) * n);
        expect(mulDims(d, n)).toBe(mulDims(n, d));
      }),
      seeded,
    );
  });

  test('splitting and joining are inverse', () => {
    fc.assert(
      fc.property(dim, (d) => {
        const [factor, symbol] = splitDim(d);
        expect(mulDims(factor, symbol === '' ? 1 : symbol)).toBe(d);
      }),
      seeded,
    );
  });

  test('the size of a shape with one symbol, bound, is the size of the bound shape', () => {
    fc.assert(
      fc.property(lengths, dim, fc.nat(4), (shape, d, position) => {
        const mixed: Dim[] = [...shape];
        mixed.splice(position, 0, d);
        expect(valueOf(sizeOf(mixed))).toBe(product(bindShape(mixed, { N: 7 }).map(Number)));
      }),
      seeded,
    );
  });

  test('what is no dimension is refused', () => {
    for (const bad of ['', '2*', '*N', '2*3', 'N*2', '-1']) {
      expect(() => splitDim(bad)).toThrow(/expected a number or a symbol such as N or 2\*N/);
    }
    expect(() => mulDims('N', 'M')).toThrow(/symbolic dimensions N and M/);
    expect(() => staticSize(['N', 2])).toThrow(/expected a static shape, got \[N,2\]/);
  });

  test('unbound symbols stay', () => {
    expect(bindShape(['N', '2*M', 3], { M: 5 })).toEqual(['N', 10, 3]);
    expect([isStatic([1, 2]), isStatic(['N'])]).toEqual([true, false]);
    expect(formatShape([])).toBe('[]');
  });
});

describe('broadcasting', () => {
  /** Two shapes that broadcast: a common one, with axes set to 1 and leading axes dropped. */
  const pair = lengths.chain((full) => {
    const part = fc
      .tuple(fc.array(fc.boolean(), { minLength: full.length, maxLength: full.length }), fc.nat(full.length))
      .map(([ones, dropped]) => full.map((n, i) => (ones[i] === true ? 1 : n)).slice(dropped));
    return fc.tuple(part, part);
  });

  test('agrees with the definition, and does not care about the order', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const rank = Math.max(a.length, b.length);
        const aligned = (s: readonly number[]): number[] => [...Array<number>(rank - s.length).fill(1), ...s];
        const [left, right] = [aligned(a), aligned(b)];
        const expected = left.map((n, i) => Math.max(n, at(right, i)));
        expect(broadcastShapes(a, b, 'test')).toEqual(expected);
        expect(broadcastShapes(b, a, 'test')).toEqual(expected);
      }),
      seeded,
    );
  });

  test('a result broadcasts with its operands to itself', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const both = broadcastShapes(a, b, 'test');
        expect(broadcastShapes(both, a, 'test')).toEqual(both);
      }),
      seeded,
    );
  });

  test('lengths that differ and are not 1 are refused, wherever they stand', () => {
    fc.assert(
      fc.property(lengths, lengths, fc.integer({ min: 2, max: 5 }), (head, tail, n) => {
        expect(() => broadcastShapes([...head, n, ...tail], [n + 1, ...tail], 'here')).toThrow(/^here: /);
      }),
      seeded,
    );
  });

  test('a symbol broadcasts with itself and with 1 only', () => {
    expect(broadcastShapes(['N', 1], [3], 'test')).toEqual(['N', 3]);
    expect(broadcastShapes([1], ['N'], 'test')).toEqual(['N']);
    expect(() => broadcastShapes(['N'], [4], 'test')).toThrow(/\[N\] and \[4\]/);
  });
});

describe('axes and arrays', () => {
  test('axes count from either end', () => {
    expect([normaliseAxis(-1, 3, 't'), normaliseAxis(2, 3, 't')]).toEqual([2, 2]);
    expect(() => normaliseAxis(0, 0, 't')).toThrow(/t: axis 0 is out of range for rank 0/);
  });

  test('every dtype has its array', () => {
    expect(newArray('int64', 2)).toEqual(new BigInt64Array(2));
    expect(newArray('bool', 2)).toEqual(new Uint8Array(2));
    expect(tensorOf('int64', [2], [1, -1]).data).toEqual(BigInt64Array.of(1n, -1n));
    expect(() => tensorOf('float32', [2], [1])).toThrow(/tensor \[2\]: expected 2 elements, got 1/);
  });
});

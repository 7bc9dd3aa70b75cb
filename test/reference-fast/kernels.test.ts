import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Attrs } from '../../src/ir/index.js';
import { at, ndarray, product, type NdArray } from '../reference/array.js';
import { expectClose } from '../reference/close.js';
import { kernels } from '../reference/evaluate.js';
import { fill } from '../helpers/golden.js';
import { fastKernels } from './index.js';
import { matmul, matrix, transposed, type Matrix } from './matmul.js';

/** What both kernels of an operator are given. */
interface Call {
  readonly inputs: readonly NdArray[];
  readonly attrs: Attrs;
}

const numbers = (seed: number, shape: readonly number[]): NdArray =>
  ndarray(shape, fill(seed, product(shape)));

const positive = (seed: number, shape: readonly number[]): NdArray =>
  ndarray(
    shape,
    fill(seed, product(shape)).map((v) => v + 1.5),
  );

const size = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const seeds = size(1, 1e6);

/** Convolutions of images that are at least as large as the kernel, with all that the networks use and more. */
const convolution = fc
  .record({
    seed: seeds,
    batch: size(1, 3),
    channels: size(1, 5),
    filters: size(1, 7),
    height: size(5, 9),
    width: size(5, 9),
    kernel: fc.tuple(size(1, 3), size(1, 3)),
    strides: fc.tuple(size(1, 3), size(1, 3)),
    pads: fc.tuple(size(0, 2), size(0, 2), size(0, 2), size(0, 2)),
    dilations: fc.tuple(size(1, 2), size(1, 2)),
  })
  .map(({ seed, batch, channels, filters, height, width, kernel, ...rest }) => {
    const attrs: Attrs = { kernel_shape: kernel, group: 1, ...rest };
    const x = numbers(seed, [batch, channels, height, width]);
    const w = numbers(seed + 1, [filters, channels, ...kernel]);
    const shape = expected('Conv', { inputs: [x, w], attrs })[0]?.shape ?? [];
    return { x, w, dy: numbers(seed + 2, shape), attrs };
  });

const images = fc.record({ seed: seeds, shape: fc.tuple(size(2, 3), size(1, 4), size(1, 4), size(1, 4)) });
const channelVectors = images.map(({ seed, shape }) => {
  const c = [at(shape, 1)];
  return {
    x: numbers(seed, shape),
    dy: numbers(seed + 1, shape),
    scale: numbers(seed + 2, c),
    bias: numbers(seed + 3, c),
    mean: numbers(seed + 4, c),
    variance: positive(seed + 5, c),
  };
});

/** Operands like the first, one number for each channel, or a single one. */
const elementwise = (f: (a: NdArray, b: NdArray, c: NdArray) => Call): fc.Arbitrary<Call> =>
  fc.tuple(images, size(0, 2), size(0, 2)).map(([{ seed, shape }, formB, formC]) => {
    const forms = [shape, [at(shape, 1), 1, 1], []];
    const other = (form: number): NdArray => numbers(seed + 1 + form, forms[form] ?? shape);
    return f(numbers(seed, shape), other(formB), other(formC));
  });
const sign = (x: NdArray): NdArray => ({ shape: x.shape, data: x.data.map((v) => (v > 0 ? 1 : 0)) });

const calls: Readonly<Record<string, fc.Arbitrary<Call>>> = {
  Conv: convolution.map(({ x, w, attrs }) => ({ inputs: [x, w], attrs })),
  ConvInputGrad: convolution.map(({ x, w, dy, attrs }) => ({
    inputs: [dy, w],
    attrs: { ...attrs, size: x.shape.slice(2) },
  })),
  ConvWeightGrad: convolution.map(({ x, dy, attrs }) => ({ inputs: [x, dy], attrs })),
  Add: elementwise((a, b) => ({ inputs: [a, b], attrs: {} })),
  Greater: elementwise((a, b) => ({ inputs: [b, a], attrs: {} })),
  Where: elementwise((a, b, c) => ({ inputs: [sign(a), b, c], attrs: {} })),
  BatchNormTrain: channelVectors.map(({ x, scale, bias, mean, variance }) => ({
    inputs: [x, scale, bias, mean, variance],
    attrs: { momentum: 0.1, eps: 1e-5 },
  })),
  BatchNormalization: channelVectors.map(({ x, scale, bias, mean, variance }) => ({
    inputs: [x, scale, bias, mean, variance],
    attrs: { epsilon: 1e-5 },
  })),
  BatchNormGrad: channelVectors.map(({ x, dy, scale }) => {
    const c = at(x.shape, 1);
    const vectors = [scale, numbers(1, [c]), numbers(2, [c]), positive(3, [c])];
    const [, mean, inverse] = expected('BatchNormTrain', {
      inputs: [x, ...vectors],
      attrs: { momentum: 0.1, eps: 1e-5 },
    });
    return { inputs: [x, mean ?? x, inverse ?? x, scale, dy], attrs: {} };
  }),
};

function expected(name: string, { inputs, attrs }: Call): readonly NdArray[] {
  return kernels[name]?.({ inputs, attrs, bind: () => [] }) ?? [];
}

test('every fast kernel is held against the reference', () => {
  expect(Object.keys(calls).sort()).toEqual(Object.keys(fastKernels).sort());
});

test.each(Object.entries(calls))('%s computes what the reference computes', (name, cases) => {
  const property = fc.property(cases, (call) => {
    const plain = expected(name, call);
    const fast = fastKernels[name]?.({ ...call, bind: () => [] }) ?? [];
    expect(fast.length).toBe(plain.length);
    expect(plain.length).toBeGreaterThan(0);
    plain.forEach((output, i) => {
      const got = fast[i];
      if (got === undefined) throw new TypeError(`${name} has no output ${i}`);
      // Sums of up to a hundred terms in another order; batch norm over two values divides by sqrt(eps), 300.
      expectClose(`${name} output ${i}`, got, output, { relative: 1e-12, ofLargest: 1e-11 });
    });
  });
  fc.assert(property, { seed: 20261125, numRuns: 100 });
});

// Sizes beside, at and beyond the tile (3x4) and the block (192 rows, depth 256).
test.each([
  [1, 1, 1],
  [3, 256, 4],
  [4, 257, 5],
  [5, 2, 3],
  [193, 300, 7],
  [192, 513, 4],
  [385, 17, 6],
])('the product of %ix%i and %i columns, transposed or not', (m, k, n) => {
  const [a, b] = [Float64Array.from(fill(1, m * k)), Float64Array.from(fill(2, k * n))];
  const plain = Float64Array.from({ length: m * n }, (_, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    let sum = 0;
    for (let d = 0; d < k; d++) sum += at(a, row * k + d) * at(b, d * n + column);
    return sum;
  });
  const turned = (data: Float64Array, rows: number, columns: number): Matrix =>
    transposed(
      matrix(
        Float64Array.from(data, (_, i) => at(data, (i % rows) * columns + Math.floor(i / rows))),
        columns,
        rows,
      ),
    );
  for (const left of [matrix(a, m, k), turned(a, m, k)])
    for (const right of [matrix(b, k, n), turned(b, k, n)]) {
      // 513 terms at most, in another order.
      expectClose('product', ndarray([m, n], matmul(left, right)), ndarray([m, n], plain), {
        relative: 1e-12,
        ofLargest: 1e-13,
      });
    }
});

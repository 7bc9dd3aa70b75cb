import { expect, it } from 'vitest';
import type { TensorData } from '../../src/ir/index.js';
import { planOf, type PlanAxis } from '../../src/lower/wasm/plan.js';
import {
  heightInverse,
  heightMatrix,
  spectrumSize,
  tapsMatrix,
  transposed,
  widthInverse,
  widthMatrix,
} from '../../src/lower/wasm/transform.js';
import type { ConvAttrs } from '../../src/ops/index.js';
import { fill } from '../helpers/golden.js';

interface Case {
  readonly title: string;
  readonly size: readonly [number, number];
  readonly k: number;
  readonly p?: number;
  readonly s?: number;
  readonly d?: number;
  /** Points round the circles. */
  readonly lengths: readonly [number, number];
}

const cases: readonly Case[] = [
  { title: '5x5 with padding', size: [12, 12], k: 5, p: 2, lengths: [14, 14] },
  { title: '3x3 with padding, odd and even', size: [12, 11], k: 3, p: 1, lengths: [13, 12] },
  { title: 'without padding', size: [12, 12], k: 3, lengths: [12, 12] },
  { title: 'a kernel of the size of the image', size: [5, 5], k: 5, p: 2, lengths: [7, 7] },
  { title: 'odd circles', size: [5, 7], k: 3, lengths: [5, 7] },
  { title: 'stride 2', size: [9, 8], k: 3, p: 1, s: 2, lengths: [10, 9] },
  { title: 'stride 2 that leaves a row over', size: [8, 8], k: 3, s: 2, lengths: [7, 7] },
  { title: 'stride larger than the kernel', size: [7, 10], k: 2, s: 3, lengths: [5, 8] },
  { title: 'dilation', size: [10, 7], k: 3, p: 2, d: 2, lengths: [12, 9] },
  { title: 'more padding than kernel', size: [4, 4], k: 3, p: 2, lengths: [6, 6] },
  { title: 'one pixel', size: [1, 1], k: 1, lengths: [1, 1] },
  { title: 'two pixels', size: [2, 2], k: 1, lengths: [2, 2] },
];

const number = (data: TensorData['data'], i: number): number => Number(data[i] ?? NaN);

/** What a tap meets at each pixel of y, summed up as the definition says. */
function expected(x: readonly number[], w: readonly number[], each: Case, [rows, columns]: Axes): number[] {
  const { size, k, p = 0, s = 1, d = 1 } = each;
  const y: number[] = [];
  for (let i = 0; i < rows.y.length; i++) {
    for (let j = 0; j < columns.y.length; j++) {
      let sum = 0;
      for (let u = 0; u < k; u++) {
        for (let v = 0; v < k; v++) {
          const [row, column] = [i * s + u * d - p, j * s + v * d - p];
          const isInside = row >= 0 && row < size[0] && column >= 0 && column < size[1];
          sum += isInside ? (x[row * size[1] + column] ?? NaN) * (w[u * k + v] ?? NaN) : 0;
        }
      }
      y.push(sum);
    }
  }
  return y;
}

type Axes = readonly [PlanAxis, PlanAxis];

/** The same from spectra, in float64 but for the matrices. */
function fromSpectra(x: readonly number[], w: readonly number[], [rows, columns]: Axes): number[] {
  const lengths = [rows.length, columns.length] as const;
  const { pairs, perPair } = spectrumSize(lengths);
  const [width, outWidth] = [columns.x.length, columns.y.length];
  const product = (matrix: TensorData['data'], at: number, of: readonly number[]): number =>
    of.reduce((sum, value, i) => sum + value * number(matrix, at * of.length + i), 0);
  const column = (values: readonly number[], j: number, stride: number): number[] =>
    values.filter((_, i) => i % stride === j);
  const down = heightMatrix(lengths[0], rows.x).data;
  const spectrumRows = Array.from({ length: 2 * pairs }, (_, row) =>
    Array.from({ length: width }, (__, j) => product(down, row, column(x, j, width))),
  );
  const across = widthMatrix(lengths, columns.x).data;
  const taps = tapsMatrix(lengths, rows.taps, columns.taps).data;
  const products = Array.from({ length: pairs * perPair }, (_, point) => {
    const pair = Math.floor(point / perPair);
    const ofPair = [...(spectrumRows[2 * pair] ?? []), ...(spectrumRows[2 * pair + 1] ?? [])];
    return product(across, point, ofPair) * product(taps, point, w);
  });
  const back = widthInverse(lengths, columns.y).data;
  const pixelRows = Array.from({ length: pairs * 2 * outWidth }, (_, row) => {
    const pair = Math.floor(row / (2 * outWidth));
    return product(back, row, products.slice(pair * perPair, (pair + 1) * perPair));
  });
  const up = heightInverse(lengths, rows.y).data;
  return rows.y.flatMap((_, i) => columns.y.map((__, j) => product(up, i, column(pixelRows, j, outWidth))));
}

it.each(cases)('products of spectra are the convolution: $title', (each) => {
  const { size, k, p = 0, s = 1, d = 1, lengths } = each;
  const out = size.map((pixels) => Math.floor((pixels + 2 * p - (k - 1) * d - 1) / s) + 1);
  const attrs: ConvAttrs = {
    ...{ kernel_shape: [k, k], strides: [s, s], dilations: [d, d], pads: [p, p, p, p], group: 1 },
  };
  const plan = planOf(attrs, size, [out[0] ?? 0, out[1] ?? 0]);
  expect([plan[0].length, plan[1].length]).toEqual(lengths);
  const x = Array.from(fill(1, size[0] * size[1]));
  const w = Array.from(fill(2, k * k));
  const [actual, wanted] = [fromSpectra(x, w, plan), expected(x, w, each, plan)];
  expect(actual).toHaveLength(wanted.length);
  // Two matrices of float32 on each side: 4 roundings of 6e-8, in sums of at most 25 products of numbers below 1.
  actual.forEach((value, i) => {
    expect(Math.abs(value - (wanted[i] ?? NaN))).toBeLessThan(2e-6);
  });
});

it('wants only the pixels that reach the results that are wanted', () => {
  const attrs: ConvAttrs = {
    ...{ kernel_shape: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], group: 1 },
  };
  const [rows] = planOf(attrs, [5, 5], [2, 2]);
  expect(rows.length).toBe(4);
  expect(rows.x).toEqual([0, 1, 2, 3, undefined]);
});

it('transposes each matrix of a batch', () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  expect(transposed({ dtype: 'float32', shape: [2, 2, 3], data })).toEqual({
    dtype: 'float32',
    shape: [2, 3, 2],
    data: Float32Array.of(1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12),
  });
});

import type { TensorData } from '../../ir/index.js';
import type { Axis } from '../shared/taps.js';

/**
 * A convolution along one axis, on a circle of `length` points: where the pixels of x and of y and the taps of the kernel lie,
 * so that y[p] = sum over taps of x[p + tap] w[tap].
 */
export interface Circle {
  readonly length: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly taps: readonly number[];
}

/**
 * The smallest circle for a convolution: a pixel that a tap meets outside x must meet none of x on the other way round.
 *
 * @example
 * circleOf(axisOf(attrs, 0, 12, 12)).length; // 14 for a kernel of 5 with padding 2, 12 for one without padding
 */
export function circleOf({ size, out, kernel, stride, dilation, before }: Axis): Circle {
  const taps = range(kernel).map((tap) => tap * dilation - before);
  const y = range(out).map((pixel) => pixel * stride);
  const first = taps[0] ?? 0;
  const last = (y.at(-1) ?? 0) + (taps.at(-1) ?? 0);
  return { length: Math.max(size - Math.min(first, 0), last + 1), x: range(size), y, taps };
}

/**
 * A two-dimensional convolution as products of spectra. A spectrum is a list of points, [P, ...]; with matrices B, G and A,
 *
 *     y = A (G w * B x),  so  dx = B' (G w * A' dy)  and  dw = G' (A' dy * B x)
 *
 * B is a discrete Fourier transform along the rows and then along the columns, A its inverse. Of each frequency and its
 * conjugate one is kept, as three points (re, im, re + im), for (v + iu) (c + id) takes three products:
 *
 *     re = vc - ud,  im = (v + u) (c + d) - vc - ud
 *
 * B and A are two matrices each, the second in batches, one for each pair of rows of what the first gives: the real and the
 * imaginary part of one frequency; in the first pair the two frequencies that are real, or one and zeros.
 */
export interface Transform {
  /** P, points of a spectrum. */
  readonly points: number;
  /** Pairs of rows after the first matrix. */
  readonly pairs: number;
  /** Points of each pair. */
  readonly perPair: number;
  /** [2 pairs, pixels of x along the height]. */
  readonly xRows: TensorData;
  /** [pairs, perPair, 2 pixels of x along the width]. */
  readonly xColumns: TensorData;
  /** [P, taps of the height times taps of the width]. */
  readonly taps: TensorData;
  /** [pairs, 2 pixels of y along the width, perPair]. */
  readonly yColumns: TensorData;
  /** [pixels of y along the height, 2 pairs]. */
  readonly yRows: TensorData;
}

/** The matrices of a convolution on two circles. */
export function transformOf(rows: Circle, columns: Circle): Transform {
  const pairs = Math.ceil(rows.length / 2);
  const perPair = 3 * columns.length;
  const points = pairs * perPair;
  const scale = 1 / (rows.length * columns.length);
  const [height, width] = [rows.x.length, columns.x.length];
  const [outHeight, outWidth] = [rows.y.length, columns.y.length];
  const xRows = new Matrix(2 * pairs, height);
  const yRows = new Matrix(outHeight, 2 * pairs);
  for (let pair = 0; pair < pairs; pair++) {
    for (const [part, frequency] of frequenciesOf(pair, rows.length)) {
      const isReal = pair === 0;
      rows.x.forEach((at, h) => {
        const angle = turn(frequency * at, rows.length);
        xRows.set(2 * pair + part, h, isReal || part === 0 ? Math.cos(angle) : -Math.sin(angle));
      });
      rows.y.forEach((at, h) => {
        const angle = turn(frequency * at, rows.length);
        const share = isReal ? Math.cos(angle) : 2 * (part === 0 ? Math.cos(angle) : -Math.sin(angle));
        yRows.set(h, 2 * pair + part, scale * share);
      });
    }
  }
  const xColumns = new Matrix(points, 2 * width);
  const yColumns = new Matrix(pairs * 2 * outWidth, perPair);
  const taps = new Matrix(points, rows.taps.length * columns.taps.length);
  for (const { pair, part, at, down, across } of layout(rows.length, columns.length)) {
    const isReal = at.length === 1;
    const row = pair * perPair;
    columns.x.forEach((x, w) => {
      const angle = turn(across * x, columns.length);
      // (c - is) (p + iq) = cp + sq + i (cq - sp); a real row has p alone.
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const ofReal = isReal ? [c] : [c, -s, c - s];
      const ofImaginary = [s, c, s + c];
      at.forEach((point, k) => {
        xColumns.set(row + point, part * width + w, ofReal[k] ?? 0);
        if (pair > 0) xColumns.set(row + point, width + w, ofImaginary[k] ?? 0);
      });
    });
    rows.taps.forEach((i, m) => {
      columns.taps.forEach((j, n) => {
        const angle = turn(down * i * columns.length + across * j * rows.length, rows.length * columns.length);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const values = isReal ? [c] : [c, s, c + s];
        at.forEach((point, k) => {
          taps.set(row + point, m * columns.taps.length + n, values[k] ?? 0);
        });
      });
    });
    columns.y.forEach((y, w) => {
      const angle = turn(across * y, columns.length);
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      // With the products m0, m1, m2: re = m0 - m1, im = m2 - m0 - m1; times c + is: re part and im part.
      const re = isReal ? [c] : [c + s, s - c, -s];
      const im = isReal ? [s] : [s - c, -s - c, c];
      const weight = pair === 0 && !isReal ? 2 : 1;
      at.forEach((point, k) => {
        const out = pair * 2 * outWidth;
        if (pair === 0) {
          yColumns.set(out + part * outWidth + w, point, weight * (re[k] ?? 0));
        } else {
          yColumns.set(out + w, point, re[k] ?? 0);
          yColumns.set(out + outWidth + w, point, im[k] ?? 0);
        }
      });
    });
  }
  return {
    ...{ points, pairs, perPair },
    xRows: xRows.tensor([2 * pairs, height]),
    xColumns: xColumns.tensor([pairs, perPair, 2 * width]),
    taps: taps.tensor([points, rows.taps.length * columns.taps.length]),
    yColumns: yColumns.tensor([pairs, 2 * outWidth, perPair]),
    yRows: yRows.tensor([outHeight, 2 * pairs]),
  };
}

/** One frequency of a spectrum. */
interface Frequency {
  readonly pair: number;
  /** Which of the two real frequencies of the first pair, else 0. */
  readonly part: number;
  /** Its points within the pair: one if it is real, else three. */
  readonly at: readonly number[];
  /** Turns over the whole height and the whole width. */
  readonly down: number;
  readonly across: number;
}

/** The frequencies of an image, of each and its conjugate one. */
function layout(height: number, width: number): readonly Frequency[] {
  const found: Frequency[] = [];
  for (let pair = 0; pair < Math.ceil(height / 2); pair++) {
    let next = 0;
    const take = (count: number): readonly number[] => range(count).map(() => next++);
    for (const [part, down] of frequenciesOf(pair, height)) {
      if (pair > 0 && part > 0) continue;
      const count = pair > 0 ? width : Math.floor(width / 2) + 1;
      for (let across = 0; across < count; across++) {
        const isReal = pair === 0 && (2 * across) % width === 0;
        found.push({ pair, part, at: take(isReal ? 1 : 3), down, across });
      }
    }
  }
  return found;
}

/** Both parts of a pair and their frequencies: the real ones 0 and, if there is one, half the length; else one for both. */
function frequenciesOf(pair: number, length: number): readonly (readonly [part: number, frequency: number])[] {
  if (pair > 0) return [
    [0, pair],
    [1, pair],
  ];
  return length % 2 === 0 ? [[0, 0], [1, length / 2]] : [[0, 0]];
}

/** `count` of `length` steps round the circle, as an angle; exact for whole turns. */
function turn(count: number, length: number): number {
  return (2 * Math.PI * (count % length)) / length;
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

class Matrix {
  readonly #columns: number;
  readonly #data: Float32Array;

  constructor(rows: number, columns: number) {
    this.#columns = columns;
    this.#data = new Float32Array(rows * columns);
  }

  set(row: number, column: number, value: number): void {
    this.#data[row * this.#columns + column] = value;
  }

  tensor(shape: readonly number[]): TensorData {
    return { dtype: 'float32', shape, data: this.#data };
  }
}

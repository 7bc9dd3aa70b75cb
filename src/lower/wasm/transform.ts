import type { TensorData } from '../../ir/index.js';

/*
 * A two-dimensional convolution as products of spectra. A spectrum is a list of P points; with matrices B, G and A,
 *
 *     y = A (G w * B x),  so  dx = B' (G w * A' dy)  and  dw = G' (A' dy * B x)
 *
 * B is a discrete Fourier transform along the height and then along the width, A its inverse. Of each frequency and its
 * conjugate one is kept, as three points (re, im, re + im), for (v + iu)(c + id) takes three products:
 *
 *     re = vc - ud,  im = (v + u)(c + d) - vc - ud
 *
 * B and A are two matrices each, the second of them one for each pair of rows that the first gives: the real and the
 * imaginary part of one frequency along the height. In the first pair are the two frequencies that are real, or one and
 * zeros; what they leave free of the points is zero.
 */

/** Points round the circle along the height and along the width. */
export type Lengths = readonly [height: number, width: number];

/** Pairs of rows after the transform along the height, and points of the spectrum that each of them gives. */
export function spectrumSize([height, width]: Lengths): { readonly pairs: number; readonly perPair: number } {
  return { pairs: Math.ceil(height / 2), perPair: 3 * width };
}

/** Where pixels lie round a circle; what lies nowhere counts as zero. */
type Places = readonly (number | undefined)[];

/** The transform along the height of pixels at these places: [2 pairs, pixels]. */
export function heightMatrix(length: number, at: Places): TensorData {
  const pairs = Math.ceil(length / 2);
  const matrix = new Matrix([2 * pairs, at.length]);
  for (const { row, part, turns } of heightRows(length)) {
    at.forEach((place, i) => {
      if (place === undefined) return;
      const [c, s] = turned(turns * place, length);
      matrix.set(row, i, part === 're' ? c : -s);
    });
  }
  return matrix.tensor;
}

/** The way back, to pixels at these places: [pixels, 2 pairs]. */
export function heightInverse([length, width]: Lengths, at: readonly number[]): TensorData {
  const pairs = Math.ceil(length / 2);
  const matrix = new Matrix([at.length, 2 * pairs]);
  for (const { row, part, turns, isReal } of heightRows(length)) {
    // A frequency that is not real stands for its conjugate too.
    const scale = (isReal ? 1 : 2) / (length * width);
    at.forEach((place, i) => {
      const [c, s] = turned(turns * place, length);
      matrix.set(i, row, scale * (part === 're' ? c : -s));
    });
  }
  return matrix.tensor;
}

/** The transform along the width of pixels at these places, real parts first: [pairs, perPair, 2 pixels]. */
export function widthMatrix(lengths: Lengths, at: Places): TensorData {
  const { pairs, perPair } = spectrumSize(lengths);
  const matrix = new Matrix([pairs, perPair, 2 * at.length]);
  for (const { pair, part, points, across } of frequencies(lengths)) {
    at.forEach((place, i) => {
      if (place === undefined) return;
      // (c - is)(p + iq) = cp + sq + i (cq - sp); what is real has no q.
      const [c, s] = turned(across * place, lengths[1]);
      const ofReal = [c, -s, c - s];
      const ofImaginary = [s, c, s + c];
      points.forEach((point, k) => {
        const row = pair * perPair + point;
        matrix.set(row, part * at.length + i, ofReal[k] ?? 0);
        if (pair > 0) matrix.set(row, at.length + i, ofImaginary[k] ?? 0);
      });
    });
  }
  return matrix.tensor;
}

/** The way back, from products to pixels at these places: [pairs, 2 pixels, perPair]. */
export function widthInverse(lengths: Lengths, at: readonly number[]): TensorData {
  const { pairs, perPair } = spectrumSize(lengths);
  const matrix = new Matrix([pairs, 2 * at.length, perPair]);
  for (const { pair, part, points, across } of frequencies(lengths)) {
    at.forEach((place, i) => {
      // With the products m0, m1, m2 the frequency is m0 - m1 + i (m2 - m0 - m1), times c + is.
      const [c, s] = turned(across * place, lengths[1]);
      const isReal = points.length === 1;
      const real = isReal ? [c] : [c + s, s - c, -s];
      const imaginary = [s - c, -s - c, c];
      points.forEach((point, k) => {
        const row = pair * 2 * at.length + i;
        if (pair > 0) {
          matrix.set(row, point, real[k] ?? 0);
          matrix.set(row + at.length, point, imaginary[k] ?? 0);
        } else {
          matrix.set(row + part * at.length, point, (isReal ? 1 : 2) * (real[k] ?? 0));
        }
      });
    });
  }
  return matrix.tensor;
}

/** The spectrum of a kernel whose taps meet the pixels at these distances: [P, taps]. */
export function tapsMatrix(lengths: Lengths, down: readonly number[], across: readonly number[]): TensorData {
  const { pairs, perPair } = spectrumSize(lengths);
  const [height, width] = lengths;
  const matrix = new Matrix([pairs * perPair, down.length * across.length]);
  for (const frequency of frequencies(lengths)) {
    down.forEach((i, m) => {
      across.forEach((j, n) => {
        const [c, s] = turned(frequency.down * i * width + frequency.across * j * height, height * width);
        const values = [c, s, c + s];
        frequency.points.forEach((point, k) => {
          matrix.set(frequency.pair * perPair + point, m * across.length + n, values[k] ?? 0);
        });
      });
    });
  }
  return matrix.tensor;
}

/** Each matrix of a batch with its two axes swapped. */
export function transposed({ shape, data }: TensorData): TensorData {
  const [rows = 1, columns = 1] = shape.slice(-2);
  const out = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += rows * columns) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) out[start + j * rows + i] = Number(data[start + i * columns + j]);
    }
  }
  return { dtype: 'float32', shape: [...shape.slice(0, -2), columns, rows], data: out };
}

/** One row of the transform along the height. */
interface HeightRow {
  readonly row: number;
  readonly part: 're' | 'im';
  /** Turns over the whole circle. */
  readonly turns: number;
  readonly isReal: boolean;
}

function heightRows(length: number): readonly HeightRow[] {
  const rows: HeightRow[] = realTurns(length).map((turns, row) => ({ row, part: 're', turns, isReal: true }));
  for (let pair = 1; pair < Math.ceil(length / 2); pair++) {
    rows.push({ row: 2 * pair, part: 're', turns: pair, isReal: false });
    rows.push({ row: 2 * pair + 1, part: 'im', turns: pair, isReal: false });
  }
  return rows;
}

/** One frequency of a spectrum. */
interface Frequency {
  readonly pair: number;
  /** Which of the real rows of the first pair; 0 in the others. */
  readonly part: number;
  /** Its points within the pair: one if it is real, else three. */
  readonly points: readonly number[];
  /** Turns over the whole height and the whole width. */
  readonly down: number;
  readonly across: number;
}

/** The frequencies of an image, of each and its conjugate one. */
function frequencies([height, width]: Lengths): readonly Frequency[] {
  const found: Frequency[] = [];
  let next = 0;
  const take = (count: number): readonly number[] => Array.from({ length: count }, () => next++);
  realTurns(height).forEach((down, part) => {
    for (let across = 0; across <= width / 2; across++) {
      found.push({ pair: 0, part, points: take((2 * across) % width === 0 ? 1 : 3), down, across });
    }
  });
  for (let pair = 1; pair < Math.ceil(height / 2); pair++) {
    next = 0;
    for (let across = 0; across < width; across++) {
      found.push({ pair, part: 0, points: take(3), down: pair, across });
    }
  }
  return found;
}

/** The frequencies that are their own conjugates. */
function realTurns(length: number): readonly number[] {
  return length % 2 === 0 ? [0, length / 2] : [0];
}

/** Cosine and sine of `count` of `length` steps round the circle. */
function turned(count: number, length: number): readonly [cosine: number, sine: number] {
  const angle = (2 * Math.PI * (count % length)) / length;
  return [Math.cos(angle), Math.sin(angle)];
}

/** Matrices in one tensor, rows of all of them one after the other. */
class Matrix {
  readonly tensor: TensorData & { readonly data: Float32Array };
  readonly #columns: number;

  constructor(shape: readonly number[]) {
    const data = new Float32Array(shape.reduce((size, dim) => size * dim, 1));
    this.tensor = { dtype: 'float32', shape, data };
    this.#columns = shape.at(-1) ?? 1;
  }

  set(row: number, column: number, value: number): void {
    this.tensor.data[row * this.#columns + column] = value;
  }
}

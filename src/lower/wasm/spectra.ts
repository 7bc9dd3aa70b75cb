import type { TensorData, Value } from '../../ir/index.js';
import type { ConvAttrs } from '../../ops/index.js';
import { axisOf, liveTaps, type LiveTaps } from '../shared/taps.js';
import { dims4, type Forms } from './forms.js';
import { circleOf, transformOf, type Circle, type Transform } from './transform.js';

/** A convolution as products of spectra: its two axes, its matrices, and a name for them. */
export interface Plan {
  readonly key: string;
  readonly taps: readonly [rows: LiveTaps, columns: LiveTaps];
  readonly rows: Circle;
  readonly columns: Circle;
  readonly transform: Transform;
}

/** The plan of a convolution from pixels h x w to oh x ow. */
export function planOf(
  attrs: ConvAttrs,
  [h, w]: readonly [number, number],
  [oh, ow]: readonly [number, number],
): Plan {
  const taps = [liveTaps(axisOf(attrs, 0, h, oh)), liveTaps(axisOf(attrs, 1, w, ow))] as const;
  const [rows, columns] = [circleOf(taps[0].axis), circleOf(taps[1].axis)];
  return { key: JSON.stringify([rows, columns]), taps, rows, columns, transform: transformOf(rows, columns) };
}

/** The same plan with only some of the pixels of y: others are not wanted, or zero. */
export function partOf(plan: Plan, rows: readonly number[], columns: readonly number[]): Plan {
  const pick = (circle: Circle, pixels: readonly number[]): Circle => ({
    ...circle,
    y: pixels.map((pixel) => circle.y[pixel] ?? 0),
  });
  const [down, across] = [pick(plan.rows, rows), pick(plan.columns, columns)];
  const key = JSON.stringify([down, across]);
  return key === plan.key
    ? plan
    : { ...plan, key, rows: down, columns: across, transform: transformOf(down, across) };
}

/** Spectrum [P,C,N] of pixels [H,W,C,N] of x. */
export function spectrumOfX(f: Forms, x: Value, { key, transform }: Plan): Value {
  const { xRows, xColumns } = transform;
  return f.once(`${x.name} as x of ${key}`, () => toSpectrum(f, x, matrix(f, xRows), matrix(f, xColumns)));
}

/** Spectrum of the gradient that arrives at y: with the matrices of the way back from a spectrum, transposed. */
export function spectrumOfGradient(f: Forms, dy: Value, { key, transform }: Plan): Value {
  const { yRows, yColumns } = transform;
  return f.once(`${dy.name} as dy of ${key}`, () =>
    toSpectrum(f, dy, matrix(f, yRows, true), matrix(f, yColumns, true)),
  );
}

/** Pixels [OH,OW,C,N] of y from its spectrum. */
export function pixelsOfY(f: Forms, spectrum: Value, { transform }: Plan): Value {
  return toPixels(f, spectrum, matrix(f, transform.yColumns), matrix(f, transform.yRows));
}

/** Pixels of the gradient of x from its spectrum. */
export function pixelsOfGradient(f: Forms, spectrum: Value, { transform }: Plan): Value {
  return toPixels(f, spectrum, matrix(f, transform.xColumns, true), matrix(f, transform.xRows, true));
}

/** Spectrum [P,K,C] of a weight [K,C,kh,kw]. */
export function spectrumOfWeight(f: Forms, w: Value, { key, taps, transform }: Plan): Value {
  return f.once(`${w.name} as weight of ${key}`, () => {
    const { b } = f;
    const [k, c] = dims4(w);
    const [rows, columns] = taps;
    const live = liveKernel(f, w, rows, columns);
    const flat = b.reshape(live, [k * c, rows.axis.kernel * columns.axis.kernel]);
    const spectrum = b.matMul(matrix(f, transform.taps), b.transpose(flat, [1, 0]), 'weight_spectrum');
    return b.reshape(spectrum, [transform.points, k, c]);
  });
}

/** The gradient of a weight [K,C,kh,kw] from its spectrum [P,K,C]. */
export function weightOfGradient(
  f: Forms,
  spectrum: Value,
  [k, c, kh, kw]: readonly [number, number, number, number],
  { taps: [rows, columns], transform }: Plan,
): Value {
  const { b } = f;
  const flat = b.transpose(b.reshape(spectrum, [transform.points, k * c]), [1, 0]);
  const live = b.matMul(flat, matrix(f, transform.taps), 'weight_grad');
  const shaped = b.reshape(live, [k, c, rows.axis.kernel, columns.axis.kernel]);
  return b.pad(shaped, [
    ...[0, 0, rows.first, columns.first],
    ...[0, 0, kh - rows.first - rows.axis.kernel, kw - columns.first - columns.axis.kernel],
  ]);
}

/** The taps of a kernel that ever meet a pixel. */
export function liveKernel({ b }: Forms, w: Value, rows: LiveTaps, columns: LiveTaps): Value {
  const [, , kh, kw] = dims4(w);
  if (rows.axis.kernel === kh && columns.axis.kernel === kw) return w;
  const starts = [rows.first, columns.first];
  const ends = [rows.first + rows.axis.kernel, columns.first + columns.axis.kernel];
  return b.slice(w, { axes: [2, 3], starts, ends }, 'live_taps');
}

function toSpectrum(f: Forms, x: Value, rows: Value, columns: Value): Value {
  const { b } = f;
  const [h, w, c, n] = dims4(x);
  const [pairs = 1, perPair = 1] = columns.shape.map(Number);
  const down = b.matMul(rows, b.reshape(x, [h, w * c * n]), 'spectrum_rows');
  const across = b.matMul(columns, b.reshape(down, [pairs, 2 * w, c * n]), 'spectrum');
  return b.reshape(across, [pairs * perPair, c, n]);
}

function toPixels(f: Forms, spectrum: Value, columns: Value, rows: Value): Value {
  const { b } = f;
  const [, c = 1, n = 1] = spectrum.shape.map(Number);
  const [pairs = 1, twice = 2, perPair = 1] = columns.shape.map(Number);
  const [h = 1] = rows.shape.map(Number);
  const w = twice / 2;
  const across = f.once(`${spectrum.name} times ${columns.name}`, () =>
    b.matMul(columns, b.reshape(spectrum, [pairs, perPair, c * n]), 'pixel_columns'),
  );
  const down = b.matMul(rows, b.reshape(across, [2 * pairs, w * c * n]), 'pixels');
  return b.reshape(down, [h, w, c, n]);
}

/** A matrix as a constant; transposed, each of a batch. */
function matrix(f: Forms, tensor: TensorData, transposed = false): Value {
  const made = transposed ? transpose(tensor) : tensor;
  return f.constant(`${made.shape.join('x')}:${Array.from(made.data, Number).join()}`, () => made, 'dft');
}

function transpose({ shape, data }: TensorData): TensorData {
  const [rows = 1, columns = 1] = shape.slice(-2);
  const size = rows * columns;
  const out = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += size) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) out[at + j * rows + i] = Number(data[at + i * columns + j]);
    }
  }
  return { dtype: 'float32', shape: [...shape.slice(0, -2), columns, rows], data: out };
}

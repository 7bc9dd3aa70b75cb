import type { TensorData, Value } from '../../ir/index.js';
import type { LiveTaps } from '../rewrite/taps.js';
import { dims4 } from '../rewrite/dims.js';
import type { Forms } from './forms.js';
import { lengthsOf, tilesIn, type Plan } from './plan.js';
import { imageOfX, imageOfY, tilesOfX, tilesOfY } from './tiles.js';
import {
  heightInverse,
  heightMatrix,
  spectrumSize,
  tapsMatrix,
  transposed,
  widthInverse,
  widthMatrix,
} from './transform.js';

/*
 * Spectra in the graph: [P,T,C,N] of images in T tiles, [P,1,K,C] of weights. What a plan needs of an axis, places and length,
 * is in the keys, so that plans that agree in it share the spectra and the matrices.
 */

/** Spectrum of the pixels of x. */
export function spectrumOfX(f: Forms, x: Value, plan: Plan): Value {
  const key = plan.map(({ length, x: at, y, tiles, live: { axis } }) =>
    tiles === 1 ? [length, at] : [length, tiles, y.length, axis.before, axis.stride],
  );
  return f.once(`${x.name} as x ${JSON.stringify(key)}`, () => {
    const tiles = tilesOfX(f, x, plan);
    return toSpectrum(f, tiles, plan, rowsOfX(f, plan, false), columnsOfX(f, plan, false));
  });
}

/** Pixels of y from its spectrum. */
export function pixelsOfY(f: Forms, spectrum: Value, plan: Plan): Value {
  return imageOfY(f, toTiles(f, spectrum, plan, columnsOfY(f, plan, false), rowsOfY(f, plan, false)), plan);
}

/** Spectrum of the gradient that arrives at y, as it has to be multiplied with the other two: with the inverse's transpose. */
export function spectrumOfGradient(f: Forms, dy: Value, plan: Plan): Value {
  const key = plan.map(({ length, y: at, tiles }) => [length, at, tiles]);
  return f.once(`${dy.name} as dy ${JSON.stringify(key)}`, () => {
    const tiles = tilesOfY(f, dy, plan);
    return toSpectrum(f, tiles, plan, rowsOfY(f, plan, true), columnsOfY(f, plan, true));
  });
}

/** Pixels of x's gradient from its spectrum. */
export function pixelsOfGradient(f: Forms, spectrum: Value, plan: Plan): Value {
  return imageOfX(f, toTiles(f, spectrum, plan, columnsOfX(f, plan, true), rowsOfX(f, plan, true)), plan);
}

/** Spectrum [P,1,K,C] of a weight [K,C,kh,kw]. */
export function spectrumOfWeight(f: Forms, w: Value, plan: Plan): Value {
  const matrix = tapsOf(f, plan);
  return f.once(`${w.name} times ${matrix.name}`, () => {
    const { b } = f;
    const [k, c] = dims4(w);
    const flat = b.reshape(liveKernel(f, w, [plan[0].live, plan[1].live]), [k * c, Number(matrix.shape[1])]);
    const spectrum = b.matMul(matrix, b.transpose(flat, [1, 0]), 'weight_spectrum');
    return b.reshape(spectrum, [Number(matrix.shape[0]), 1, k, c]);
  });
}

/** The gradient of a weight [K,C,kh,kw] from the products of each tile, [P,T,K,C]. */
export function weightOfGradient(
  f: Forms,
  products: Value,
  [k, c, kh, kw]: readonly [number, number, number, number],
  plan: Plan,
): Value {
  const { b } = f;
  const [points = 1, tiles = 1] = products.shape.map(Number);
  const sum = tiles === 1 ? products : b.reduceSum(b.reshape(products, [points, tiles, k * c]), [1]);
  const flat = b.transpose(b.reshape(sum, [points, k * c]), [1, 0]);
  const [{ live: down }, { live: across }] = plan;
  const live = b.reshape(b.matMul(flat, tapsOf(f, plan), 'weight_grad'), [
    k,
    c,
    down.axis.kernel,
    across.axis.kernel,
  ]);
  return b.pad(live, [
    ...[0, 0, down.first, across.first],
    ...[0, 0, kh - down.first - down.axis.kernel, kw - across.first - across.axis.kernel],
  ]);
}

/** The taps of a kernel that ever meet a pixel. */
export function liveKernel(
  { b }: Forms,
  w: Value,
  axes: readonly [height: LiveTaps, width: LiveTaps],
): Value {
  const [, , kh, kw] = dims4(w);
  const starts = axes.map(({ first }) => first);
  const ends = axes.map(({ first, axis }) => first + axis.kernel);
  const isWhole = starts.every((start) => start === 0) && ends[0] === kh && ends[1] === kw;
  return isWhole ? w : b.slice(w, { axes: [2, 3], starts, ends }, 'live_taps');
}

function toSpectrum(f: Forms, x: Value, plan: Plan, rows: Value, columns: Value): Value {
  const { b } = f;
  const [h = 1, w = 1, tiles = 1, c = 1, n = 1] = x.shape.map(Number);
  const { pairs, perPair } = spectrumSize(lengthsOf(plan));
  const down = b.matMul(rows, b.reshape(x, [h, w * tiles * c * n]), 'spectrum_rows');
  const across = b.matMul(columns, b.reshape(down, [pairs, 2 * w, tiles * c * n]), 'spectrum');
  return b.reshape(across, [pairs * perPair, tiles, c, n]);
}

function toTiles(f: Forms, spectrum: Value, plan: Plan, columns: Value, rows: Value): Value {
  const { b } = f;
  const [, tiles = 1, c = 1, n = 1] = spectrum.shape.map(Number);
  const { pairs, perPair } = spectrumSize(lengthsOf(plan));
  const [h = 1] = rows.shape.map(Number);
  const w = Number(columns.shape[1]) / 2;
  const across = f.once(`${spectrum.name} times ${columns.name}`, () =>
    b.matMul(columns, b.reshape(spectrum, [pairs, perPair, tiles * c * n]), 'pixel_columns'),
  );
  const down = b.matMul(rows, b.reshape(across, [2 * pairs, w * tiles * c * n]), 'pixels');
  return b.reshape(down, [h, w, tilesIn(plan), c, n]);
}

function rowsOfX(f: Forms, [{ length, x }]: Plan, isTransposed: boolean): Value {
  return matrix(f, `rows ${length} ${x.join()}`, isTransposed, () => heightMatrix(length, x));
}

function columnsOfX(f: Forms, plan: Plan, isTransposed: boolean): Value {
  const [lengths, at] = [lengthsOf(plan), plan[1].x];
  return matrix(f, `columns ${lengths.join()} ${at.join()}`, isTransposed, () => widthMatrix(lengths, at));
}

function rowsOfY(f: Forms, plan: Plan, isTransposed: boolean): Value {
  const [lengths, at] = [lengthsOf(plan), plan[0].y];
  return matrix(f, `from rows ${lengths.join()} ${at.join()}`, isTransposed, () =>
    heightInverse(lengths, at),
  );
}

function columnsOfY(f: Forms, plan: Plan, isTransposed: boolean): Value {
  const [lengths, at] = [lengthsOf(plan), plan[1].y];
  return matrix(f, `from columns ${lengths.join()} ${at.join()}`, isTransposed, () =>
    widthInverse(lengths, at),
  );
}

function tapsOf(f: Forms, plan: Plan): Value {
  const [lengths, [down, across]] = [lengthsOf(plan), plan];
  return matrix(f, `taps ${lengths.join()} ${down.taps.join()} ${across.taps.join()}`, false, () =>
    tapsMatrix(lengths, down.taps, across.taps),
  );
}

function matrix(f: Forms, key: string, isTransposed: boolean, make: () => TensorData): Value {
  return f.constant(
    isTransposed ? `${key} transposed` : key,
    () => (isTransposed ? transposed(make()) : make()),
    'dft',
  );
}

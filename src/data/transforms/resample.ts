import type { Picture } from '../picture.js';
import { coefficients, PRECISION, type Coefficients, type Resampling } from './coefficients.js';

/** A part of a picture, in pixels. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** What a new size is made of, and how. */
export interface ResampleOptions {
  /** Of the picture that would come out of the whole box. */
  readonly size: readonly [height: number, width: number];
  readonly interpolation: Resampling;
  /** The part of the picture to make the new size of; all of it unless given. Pixels outside have no influence. */
  readonly box?: Box;
  /** The part of the new picture that is computed; all of it unless given. */
  readonly part?: Box;
}

/** Rounds to the nearest where PRECISION bits are shifted away. */
const HALF = 1 << (PRECISION - 1);

/** Samples that a pass reads: `data` from `offset`, `count` rows, one every `stride`. */
interface Rows {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly offset: number;
  readonly stride: number;
  readonly count: number;
}

/** What a line of a pass is made of, and which of its samples are computed. */
interface Line {
  readonly coefficients: Coefficients;
  /** The first sample that is computed, and how many are. */
  readonly from: number;
  readonly size: number;
}

/** The samples that a line reads: the first, and the one after the last. */
function reach({ coefficients: { starts, counts }, from, size }: Line): readonly [number, number] {
  let first = Infinity;
  let end = 0;
  for (let i = from; i < from + size; i++) {
    first = Math.min(first, starts[i] as number);
    end = Math.max(end, (starts[i] as number) + (counts[i] as number));
  }
  return [first, end];
}

/**
 * A picture of another size, with antialiasing: `ImagingResample` of Pillow 13 to the bit. Rows and then columns (or columns
 * first, where much more height than width goes), by coefficients of 22 bits, rounded to bytes in between. PyTorch's
 * `interpolate` for bytes is the same algorithm with fewer bits.
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 */
export function resample(picture: Picture, { size, interpolation, box, part }: ResampleOptions): Picture {
  const { channels } = picture;
  const of = box ?? { top: 0, left: 0, height: picture.height, width: picture.width };
  const [height, width] = size;
  const to = part ?? { top: 0, left: 0, height, width };
  const across = {
    coefficients: coefficients(of.width, width, interpolation),
    from: to.left,
    size: to.width,
  };
  const down = {
    coefficients: coefficients(of.height, height, interpolation),
    from: to.top,
    size: to.height,
  };
  const stride = picture.width * channels;
  const at = (row: number, column: number): number => (of.top + row) * stride + (of.left + column) * channels;

  let rows: Rows;
  const isDownFirst = of.height > height && of.height - height > (of.width - width) * 2;
  if (isDownFirst) {
    const [first, end] = reach(across);
    const offset = at(0, first);
    rows = passDown({ ...picture, offset, stride, count: of.height }, down, 0, (end - first) * channels);
    rows = passAcross(rows, across, first, channels);
  } else {
    const [first, end] = reach(down);
    rows = { data: picture.data, offset: at(first, 0), stride, count: end - first };
    if (of.width === width) rows = { ...rows, offset: at(first, to.left) };
    else rows = passAcross(rows, across, 0, channels);
    rows = passDown(rows, down, first, to.width * channels);
  }
  return { data: new Uint8Array(rows.data.buffer), channels, height: to.height, width: to.width };
}

/** Rows to their new width; `first` is the column that they begin with. */
function passAcross(rows: Rows, line: Line, first: number, channels: number): Rows {
  const stride = line.size * channels;
  const data = new Uint8ClampedArray(rows.count * stride);
  const moved = { ...rows, offset: rows.offset - first * channels };
  if (channels === 3) acrossColour(moved, line, data);
  else acrossAny(moved, line, data, channels);
  return { data, offset: 0, stride, count: rows.count };
}

/** Rows of three channels. */
function acrossColour(
  { data, offset, stride, count: lines }: Rows,
  line: Line,
  out: Uint8ClampedArray,
): void {
  const { starts, counts, weights, stride: step } = line.coefficients;
  const last = line.from + line.size;
  let at = 0;
  for (let row = 0; row < lines; row++) {
    const base = offset + row * stride;
    for (let x = line.from; x < last; x++) {
      const k = x * step;
      const count = counts[x] as number;
      let p = base + (starts[x] as number) * 3;
      let weight = weights[k] as number;
      let red = HALF + Math.imul(data[p] as number, weight);
      let green = HALF + Math.imul(data[p + 1] as number, weight);
      let blue = HALF + Math.imul(data[p + 2] as number, weight);
      for (let i = 1; i < count; i++) {
        weight = weights[k + i] as number;
        p += 3;
        red = (red + Math.imul(data[p] as number, weight)) | 0;
        green = (green + Math.imul(data[p + 1] as number, weight)) | 0;
        blue = (blue + Math.imul(data[p + 2] as number, weight)) | 0;
      }
      out[at] = red >> PRECISION;
      out[at + 1] = green >> PRECISION;
      out[at + 2] = blue >> PRECISION;
      at += 3;
    }
  }
}

/** Rows of any number of channels. */
function acrossAny(
  { data, offset, stride, count }: Rows,
  line: Line,
  out: Uint8ClampedArray,
  channels: number,
): void {
  const { starts, counts, weights, stride: step } = line.coefficients;
  const last = line.from + line.size;
  let at = 0;
  for (let row = 0; row < count; row++) {
    const base = offset + row * stride;
    for (let x = line.from; x < last; x++) {
      const start = x * step;
      const end = start + (counts[x] as number);
      const from = base + (starts[x] as number) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        let p = from + c;
        for (let k = start; k < end; k++, p += channels) {
          sum = (sum + Math.imul(data[p] as number, weights[k] as number)) | 0;
        }
        out[at++] = sum >> PRECISION;
      }
    }
  }
}

/** Columns to their new height, `samples` of them, as the channels lie side by side; `first` is the row that they begin with. */
function passDown({ data, offset, stride }: Rows, line: Line, first: number, samples: number): Rows {
  const { starts, counts, weights, stride: step } = line.coefficients;
  const out = new Uint8ClampedArray(line.size * samples);
  let at = 0;
  for (let y = line.from; y < line.from + line.size; y++) {
    const start = y * step;
    const count = counts[y] as number;
    const base = offset + ((starts[y] as number) - first) * stride;
    if (count === 1) {
      // One sample weighs 1, so that it is copied.
      out.set(data.subarray(base, base + samples), at);
    } else if (count <= 4) fewDown(data, base, stride, weights, start, count, out, at, samples);
    else {
      for (let x = 0; x < samples; x++) {
        let sum = HALF;
        let p = base + x;
        for (let k = start; k < start + count; k++, p += stride) {
          sum = (sum + Math.imul(data[p] as number, weights[k] as number)) | 0;
        }
        out[at + x] = sum >> PRECISION;
      }
    }
    at += samples;
  }
  return { data: out, offset: 0, stride: samples, count: line.size };
}

/** Up to four rows to one, the most frequent case, with the weights at hand: one that is missing weighs nothing. */
function fewDown(
  data: Rows['data'],
  base: number,
  stride: number,
  weights: Int32Array,
  start: number,
  count: number,
  out: Uint8ClampedArray,
  at: number,
  samples: number,
): void {
  const w0 = weights[start] as number;
  const w1 = weights[start + 1] as number;
  const w2 = count > 2 ? (weights[start + 2] as number) : 0;
  const w3 = count > 3 ? (weights[start + 3] as number) : 0;
  const to2 = count > 2 ? 2 * stride : 0;
  const to3 = count > 3 ? 3 * stride : 0;
  for (let x = 0, p = base; x < samples; x++, p++) {
    const near = Math.imul(data[p] as number, w0) + Math.imul(data[p + stride] as number, w1);
    const far = Math.imul(data[p + to2] as number, w2) + Math.imul(data[p + to3] as number, w3);
    out[at + x] = (HALF + near + far) >> PRECISION;
  }
}

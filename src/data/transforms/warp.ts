import type { Picture } from '../picture.js';
import { filled } from './colour.js';
import { sinCos, tan } from './maths.js';

/** From a place in the new picture to one in the old: x' = a x + b y + c, y' = d x + e y + f; pixels are at halves. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** How pixels between those of the picture are read. */
export type Mapping = 'nearest' | 'bilinear';

/** A turn around the middle, anticlockwise, in degrees, as Pillow's `Image.rotate` writes it, with 15 digits of sine and cosine. */
export function rotation(degrees: number, { height, width }: Picture): Matrix {
  const [sin, cos] = sinCos(-degrees).map((value) => Math.round(value * 1e15) / 1e15) as [number, number];
  const [x, y] = [width / 2, height / 2];
  return [cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y];
}

/** What torchvision's `affine` is told. */
export interface AffineOptions {
  /** Degrees, clockwise. */
  readonly angle: number;
  /** Pixels to the right and down. */
  readonly translate: readonly [x: number, y: number];
  readonly scale: number;
  /** Degrees along x and along y. */
  readonly shear: readonly [x: number, y: number];
  /** What stays where it is, but for `translate`: [x, y]. */
  readonly center: readonly [x: number, y: number];
}

/** The inverse of T C R S Shy Shx C^-1, as torchvision's `_get_inverse_affine_matrix` has it. */
export function affineMatrix({ angle, translate, scale, shear, center }: AffineOptions): Matrix {
  const [sin, cos] = sinCos(angle);
  const [sinLess, cosLess] = sinCos(angle - shear[1]);
  const [, cosY] = sinCos(shear[1]);
  const tanX = tan(shear[0]);
  const a = cosLess / cosY;
  const b = (-cosLess * tanX) / cosY - sin;
  const c = sinLess / cosY;
  const d = (-sinLess * tanX) / cosY + cos;
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale];
  const [x, y] = [-center[0] - translate[0], -center[1] - translate[1]];
  return [m0, m1, m0 * x + m1 * y + center[0], m3, m4, m3 * x + m4 * y + center[1]];
}

/**
 * A picture of the same size that shows another one through a matrix: Pillow's `Image.transform` to the bit, the nearest pixel
 * in fixed point, or the mean of four, rounded down.
 *
 * @param fill - What lies outside, one number for each channel.
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Geometry.c
 */
export function warp(picture: Picture, matrix: Matrix, mapping: Mapping, fill: readonly number[]): Picture {
  const { channels, height, width } = picture;
  const out = { data: filled(height * width, fill), channels, height, width };
  if (mapping === 'bilinear') blended(picture, matrix, out);
  else if (matrix[1] === 0 && matrix[3] === 0) scaled(picture, matrix, out);
  else nearest(picture, matrix, out);
  return out;
}

/** Rows and columns that stay rows and columns: each has one of its own. */
function scaled({ data, channels, height, width }: Picture, [a, , c, , e, f]: Matrix, out: Picture): void {
  const columns = new Int32Array(width);
  // Added up, as Pillow does it: products would round elsewhere.
  let place = c + a * 0.5;
  for (let x = 0; x < width; x++, place += a) columns[x] = place < 0 ? -1 : Math.min(place, width);
  place = f + e * 0.5;
  for (let y = 0; y < height; y++, place += e) {
    if (place < 0 || place >= height) continue;
    const row = Math.floor(place) * width;
    for (let x = 0; x < width; x++) {
      const column = columns[x] as number;
      if (column < 0 || column >= width) continue;
      const from = (row + column) * channels;
      const to = (y * width + x) * channels;
      for (let i = 0; i < channels; i++) out.data[to + i] = data[from + i] as number;
    }
  }
}

/** 16 bits after the point. */
const fixed = (value: number): number => Math.floor(value * 65536 + 0.5);

function nearest({ data, channels, height, width }: Picture, matrix: Matrix, out: Picture): void {
  const [a, b, c, d, e, f] = matrix;
  const [right, down] = [fixed(a), fixed(d)];
  const [nextRight, nextDown] = [fixed(b), fixed(e)];
  let rowX = fixed(c + a * 0.5 + b * 0.5);
  let rowY = fixed(f + d * 0.5 + e * 0.5);
  const [endX, endY] = [width * 65536, height * 65536];
  let to = 0;
  for (let y = 0; y < height; y++) {
    let px = rowX;
    let py = rowY;
    for (let x = 0; x < width; x++) {
      if (px >= 0 && px < endX && py >= 0 && py < endY) {
        const from = (Math.floor(py / 65536) * width + Math.floor(px / 65536)) * channels;
        for (let i = 0; i < channels; i++) out.data[to + i] = data[from + i] as number;
      }
      to += channels;
      px += right;
      py += down;
    }
    rowX += nextRight;
    rowY += nextDown;
  }
}

function blended({ data, channels, height, width }: Picture, matrix: Matrix, out: Picture): void {
  const [a, b, c, d, e, f] = matrix;
  let to = -channels;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      to += channels;
      const px = a * (x + 0.5) + b * (y + 0.5) + c;
      const py = d * (x + 0.5) + e * (y + 0.5) + f;
      if (px < 0 || px >= width || py < 0 || py >= height) continue;
      const left = Math.floor(px - 0.5);
      const top = Math.floor(py - 0.5);
      const [dx, dy] = [px - 0.5 - left, py - 0.5 - top];
      const x0 = Math.max(0, left) * channels;
      const x1 = Math.min(width - 1, left + 1) * channels;
      const above = Math.max(0, top) * width * channels;
      const under = Math.min(height - 1, top + 1) * width * channels;
      for (let i = 0; i < channels; i++) {
        const [upper, lower] = [data[above + x0 + i] as number, data[under + x0 + i] as number];
        const first = upper + ((data[above + x1 + i] as number) - upper) * dx;
        const second = lower + ((data[under + x1 + i] as number) - lower) * dx;
        out.data[to + i] = first + (second - first) * dy;
      }
    }
  }
}

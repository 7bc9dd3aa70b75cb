import type { Picture } from '../picture.js';
import { grey, greyOf } from './grey.js';
import { lookUp } from './lookup.js';

/*
 * Pillow's `ImageEnhance`: a mix of a picture with one that lacks something, out = less + factor (picture - less). Factors
 * above 1 take it further away. Computed in float32 and rounded down, as Pillow's `Blend.c` does.
 */

/** One sample of a mix, to be rounded down and clipped. */
const mixed = (less: number, value: number, factor: number): number =>
  Math.fround(less + Math.fround(factor * (value - less)));

/** Mixed with black. */
export const brightened = (picture: Picture, factor: number): Picture => {
  const by = Math.fround(factor);
  return lookUp(picture, (value) => mixed(0, value, by));
};

/** Mixed with the mean of its grey. */
export function contrasted(picture: Picture, factor: number): Picture {
  const by = Math.fround(factor);
  const { data } = grey(picture);
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i] as number;
  const mean = Math.trunc(sum / data.length + 0.5);
  return lookUp(picture, (value) => mixed(mean, value, by));
}

/** What is added for each difference from -255 to 255. */
function additions(factor: number): Float32Array {
  const added = new Float32Array(511);
  const by = Math.fround(factor);
  for (let i = 0; i < 511; i++) added[i] = by * (i - 255);
  return added;
}

/** A picture mixed with another one, sample by sample. */
export function blend(less: Picture, { data, ...shape }: Picture, factor: number): Picture {
  const other = less.data;
  const out = new Uint8Array(data.length);
  const added = additions(factor);
  for (let i = 0; i < data.length; i++) {
    const from = other[i] as number;
    const value = Math.fround(from + (added[(data[i] as number) - from + 255] as number));
    out[i] = value <= 0 ? 0 : value >= 255 ? 255 : value;
  }
  return { data: out, ...shape };
}

/** Mixed with its grey; one that is not of three channels has no colour to change. */
export function saturated(picture: Picture, factor: number): Picture {
  const { data, channels, ...shape } = picture;
  if (channels !== 3) return picture;
  const out = new Uint8Array(data.length);
  const added = additions(factor);
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i] as number;
    const green = data[i + 1] as number;
    const blue = data[i + 2] as number;
    const from = greyOf(red, green, blue);
    const r = Math.fround(from + (added[red - from + 255] as number));
    const g = Math.fround(from + (added[green - from + 255] as number));
    const b = Math.fround(from + (added[blue - from + 255] as number));
    out[i] = r <= 0 ? 0 : r >= 255 ? 255 : r;
    out[i + 1] = g <= 0 ? 0 : g >= 255 ? 255 : g;
    out[i + 2] = b <= 0 ? 0 : b >= 255 ? 255 : b;
  }
  return { data: out, channels, ...shape };
}

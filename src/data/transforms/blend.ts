import type { Picture } from '../picture.js';
import { grey } from './grey.js';
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
  for (const value of data) sum += value;
  const mean = Math.trunc(sum / data.length + 0.5);
  return lookUp(picture, (value) => mixed(mean, value, by));
}

/** A picture mixed with another one, sample by sample. */
export function blend(less: Picture, { data, ...shape }: Picture, factor: number): Picture {
  const by = Math.fround(factor);
  const out = new Uint8Array(data.length);
  // What is added for each difference, -255 .. 255.
  const added = Float32Array.from({ length: 511 }, (_, i) => by * (i - 255));
  for (let i = 0; i < data.length; i++) {
    const from = less.data[i] as number;
    const value = Math.fround(from + (added[(data[i] as number) - from + 255] as number));
    out[i] = value <= 0 ? 0 : value >= 255 ? 255 : value;
  }
  return { data: out, ...shape };
}

/** Mixed with its grey; one that is not of three channels has no colour to change. */
export function saturated(picture: Picture, factor: number): Picture {
  const { data, channels, ...shape } = picture;
  if (channels !== 3) return picture;
  const by = Math.fround(factor);
  const added = Float32Array.from({ length: 511 }, (_, i) => by * (i - 255));
  const light = grey(picture).data;
  const out = new Uint8Array(data.length);
  for (let pixel = 0, i = 0; pixel < light.length; pixel++) {
    const from = light[pixel] as number;
    for (const end = i + 3; i < end; i++) {
      const value = Math.fround(from + (added[(data[i] as number) - from + 255] as number));
      out[i] = value <= 0 ? 0 : value >= 255 ? 255 : value;
    }
  }
  return { data: out, channels, ...shape };
}

import type { Picture } from '../picture.js';
import { histogram, lookUp, lookUpChannels, type Lookup } from './lookup.js';

/*
 * Changes of the values of a picture, as Pillow's `ImageOps` makes them.
 * https://github.com/python-pillow/Pillow/blob/main/src/PIL/ImageOps.py
 */

/** Light and dark exchanged. */
export const inverted = (picture: Picture): Picture => lookUp(picture, (value) => 255 - value);

/** Only the highest bits of each sample, 0 to 8 of them. */
export const posterized = (picture: Picture, bits: number): Picture =>
  lookUp(picture, (value) => value & (0xff00 >> bits) & 0xff);

/** Values from a threshold on inverted. */
export const solarized = (picture: Picture, threshold: number): Picture =>
  lookUp(picture, (value) => (value < threshold ? value : 255 - value));

const same: Lookup = (value) => value;

const channelsOf = ({ channels }: Picture): readonly number[] =>
  Array.from({ length: channels }, (_, channel) => channel);

/** Each channel stretched to 0 .. 255. */
export function autocontrasted(picture: Picture): Picture {
  return lookUpChannels(
    picture,
    channelsOf(picture).map((channel) => {
      const counts = histogram(picture, channel);
      const least = counts.findIndex((count) => count > 0);
      const most = counts.findLastIndex((count) => count > 0);
      if (most <= least) return same;
      const scale = 255 / (most - least);
      return (value) => value * scale + -least * scale;
    }),
  );
}

/** Each channel such that its values are spread evenly. */
export function equalized(picture: Picture): Picture {
  return lookUpChannels(
    picture,
    channelsOf(picture).map((channel) => {
      const counts = histogram(picture, channel);
      const all = picture.height * picture.width;
      const step = Math.floor((all - (counts.findLast((count) => count > 0) ?? 0)) / 255);
      if (step === 0) return same;
      const before = new Int32Array(256);
      for (let i = 1; i < 256; i++) before[i] = (before[i - 1] as number) + (counts[i - 1] as number);
      return (value) => ((step >> 1) + (before[value] as number)) / step;
    }),
  );
}

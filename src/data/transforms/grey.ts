import type { Picture } from '../picture.js';

/** The grey of a pixel: ITU-R 601's weights of red, green and blue in 16 bits, as Pillow's `convert('L')` has them. */
export const greyOf = (red: number, green: number, blue: number): number =>
  (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;

/** The grey of a picture, one channel. A picture that is not of three channels is its own. */
export function grey(picture: Picture): Picture {
  const { data, channels, height, width } = picture;
  if (channels !== 3) return picture;
  const out = new Uint8Array(height * width);
  for (let i = 0, at = 0; i < out.length; i++, at += 3) {
    out[i] = greyOf(data[at] as number, data[at + 1] as number, data[at + 2] as number);
  }
  return { data: out, channels: 1, height, width };
}

/** A picture without colours, of as many channels as before. */
export function withoutColours(picture: Picture): Picture {
  if (picture.channels !== 3) return picture;
  const light = grey(picture).data;
  const data = new Uint8Array(picture.data.length);
  for (let i = 0, at = 0; i < light.length; i++, at += 3) {
    data[at] = data[at + 1] = data[at + 2] = light[i] as number;
  }
  return { ...picture, data };
}

import type { Picture } from '../picture.js';

/**
 * The grey of a picture, one channel: ITU-R 601's weights of red, green and blue in 16 bits, as Pillow's `convert('L')` has
 * them. A picture that is not of three channels is its own.
 */
export function grey(picture: Picture): Picture {
  const { data, channels, height, width } = picture;
  if (channels !== 3) return picture;
  const out = new Uint8Array(height * width);
  for (let i = 0, at = 0; i < out.length; i++, at += 3) {
    const red = data[at] as number;
    const green = data[at + 1] as number;
    const blue = data[at + 2] as number;
    out[i] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
  return { data: out, channels: 1, height, width };
}

/** A picture without colours, of as many channels as before. */
export function withoutColours(picture: Picture): Picture {
  if (picture.channels !== 3) return picture;
  const light = grey(picture).data;
  const data = new Uint8Array(picture.data.length);
  for (let i = 0, at = 0; i < light.length; i++, at += 3) {
    data.fill(light[i] as number, at, at + 3);
  }
  return { ...picture, data };
}

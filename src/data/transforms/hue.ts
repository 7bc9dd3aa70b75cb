import type { Picture } from '../picture.js';

const { fround } = Math;

/** Hue of a pixel, 0 .. 255, as Pillow's `rgb2hsv` computes it in float32. */
function hueOf(red: number, green: number, blue: number, most: number, least: number): number {
  const span = most - least;
  const r = fround((most - red) / span);
  const g = fround((most - green) / span);
  const b = fround((most - blue) / span);
  const sixth = fround(red === most ? b - g : green === most ? 2 + r - b : 4 + g - r);
  return Math.trunc(fround((sixth / 6 + 1) % 1) * 255);
}

/** The side of the colour hexagon that each hue is on, and how far along. */
const sides = Uint8Array.from({ length: 256 }, (_, hue) => Math.floor((hue * 6) / 255));
const along = Float32Array.from({ length: 256 }, (_, hue) => (hue * 6) / 255 - (sides[hue] as number));

/**
 * Colours turned around the circle of hues by a factor of -0.5 to 0.5 of it: by way of HSV in bytes, as torchvision does with
 * Pillow. A picture that is not of three channels has no hue.
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Convert.c
 */
export function hueShifted(picture: Picture, factor: number): Picture {
  const { data, channels } = picture;
  if (channels !== 3) return picture;
  const shift = Math.trunc(factor * 255);
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i] as number;
    const green = data[i + 1] as number;
    const blue = data[i + 2] as number;
    const most = Math.max(red, green, blue);
    const least = Math.min(red, green, blue);
    const saturation = most === least ? 0 : Math.trunc(fround((most - least) / most) * 255);
    if (saturation === 0) {
      out[i] = out[i + 1] = out[i + 2] = most;
      continue;
    }
    const hue = (hueOf(red, green, blue, most, least) + shift) & 255;
    const s = fround(saturation / 255);
    const f = along[hue] as number;
    const p = Math.floor(most * (1 - s) + 0.5);
    const q = Math.floor(most * (1 - fround(s * f)) + 0.5);
    const t = Math.floor(most * (1 - s * (1 - f)) + 0.5);
    const side = (sides[hue] as number) % 6;
    out[i] = side === 0 || side === 5 ? most : side === 1 ? q : side === 4 ? t : p;
    out[i + 1] = side === 1 || side === 2 ? most : side === 0 ? t : side === 3 ? q : p;
    out[i + 2] = side === 3 || side === 4 ? most : side === 2 ? t : side === 5 ? q : p;
  }
  return { ...picture, data: out };
}

import { OptionError } from '../errors.js';
import type { Picture } from './picture.js';

/** A picture as a decoder gave it, and the colour that it was laid on where it is transparent. */
export interface DecodedPicture extends Picture {
  /** '#rrggbb'; absent where no pixel is transparent. */
  readonly background?: string;
}

/** What becomes of a decoder's samples. */
export interface FlattenOptions {
  /** 1 for grey, 3 for red, green and blue. */
  readonly channels: 1 | 3;
  /** Colour behind transparent pixels, '#rrggbb'; left out: white behind dark strokes, else black. */
  readonly background?: string;
}

/** Strokes of a mean luminance below this are dark: the middle of 0..255. */
const DARK_BELOW = 128;

/** Throws OptionError unless the colour is '#' and six hexadecimal digits. */
export function checkBackground(background: string | undefined): void {
  if (background !== undefined && !/^#[\da-f]{6}$/i.test(background)) {
    throw new OptionError(`background: expected a colour such as #ffffff, got ${background}`);
  }
}

/**
 * Grey of a colour by the weights of ITU-R BT.601 in 16-bit fixed point, as Pillow's `convert('L')`: 0..255, and a grey
 * colour's own value. Source: https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Convert.c (`L24`)
 */
export function luminance(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/**
 * Lays samples [h, w, 3] or, with alpha (not multiplied into the colours), [h, w, 4] on a colour and makes them grey
 * where that is asked for; with alpha, also says what they were laid on.
 */
export function flatten(
  samples: Uint8Array | Uint8ClampedArray,
  size: { readonly height: number; readonly width: number },
  { channels, background: given }: FlattenOptions,
): DecodedPicture {
  const { height, width } = size;
  const area = height * width;
  const stride = samples.length / area;
  const colour = stride === 4 && isTransparent(samples) ? (given ?? contrasting(samples)) : undefined;
  const behind = colour === undefined ? 0 : Number.parseInt(colour.slice(1), 16);
  const [behindRed, behindGreen, behindBlue] = [behind >> 16, (behind >> 8) & 255, behind & 255];
  const said = colour === undefined ? {} : { background: colour };
  if (stride === 3 && channels === 3) {
    return {
      data: new Uint8Array(samples.buffer, samples.byteOffset, samples.length),
      channels,
      height,
      width,
    };
  }
  const data = new Uint8Array(area * channels);
  for (let i = 0, from = 0; i < area; i++, from += stride) {
    let red = samples[from] ?? 0;
    let green = samples[from + 1] ?? 0;
    let blue = samples[from + 2] ?? 0;
    const alpha = stride === 4 ? (samples[from + 3] ?? 0) : 255;
    if (alpha !== 255) {
      red = blend(red, behindRed, alpha);
      green = blend(green, behindGreen, alpha);
      blue = blend(blue, behindBlue, alpha);
    }
    if (channels === 1) data[i] = luminance(red, green, blue);
    else {
      data[3 * i] = red;
      data[3 * i + 1] = green;
      data[3 * i + 2] = blue;
    }
  }
  return { data, channels, height, width, ...said };
}

/** The rounded (colour alpha + behind (255 - alpha)) / 255. */
function blend(colour: number, behind: number, alpha: number): number {
  return Math.floor((colour * alpha + behind * (255 - alpha) + 127) / 255);
}

function isTransparent(rgba: ArrayLike<number>): boolean {
  for (let i = 3; i < rgba.length; i += 4) if (rgba[i] !== 255) return true;
  return false;
}

/** White where the visible part, weighted by its alpha, is dark on the whole; black behind light ink, and behind nothing. */
function contrasting(rgba: ArrayLike<number>): string {
  let [sum, weights] = [0, 0];
  for (let i = 0; i < rgba.length; i += 4) {
    const alpha = rgba[i + 3] ?? 0;
    sum += alpha * luminance(rgba[i] ?? 0, rgba[i + 1] ?? 0, rgba[i + 2] ?? 0);
    weights += alpha;
  }
  return sum < DARK_BELOW * weights ? '#ffffff' : '#000000';
}

import type { Picture } from '../picture.js';
import { blend } from './blend.js';

/** Each pixel mixed with its neighbours by (1 1 1; 1 5 1; 1 1 1) / 13, but for those at the edge: Pillow's `SMOOTH`. */
function smoothed({ data, channels, height, width }: Picture): Picture {
  const out = data.slice();
  const stride = width * channels;
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * stride + channels; i < (y + 1) * stride - channels; i++) {
      let sum = 4 * (data[i] as number);
      for (let row = i - stride; row <= i + stride; row += stride) {
        sum += (data[row - channels] as number) + (data[row] as number) + (data[row + channels] as number);
      }
      // Rounded to the nearest: thirteenths have no ties.
      out[i] = (2 * sum + 13) / 26;
    }
  }
  return { data: out, channels, height, width };
}

/** Mixed with the smoothed picture: a factor below 1 blurs, one above sharpens. */
export const sharpened = (picture: Picture, factor: number): Picture =>
  blend(smoothed(picture), picture, factor);

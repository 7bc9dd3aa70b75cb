import type { Picture } from '../picture.js';
import type { Box } from './resample.js';

/** How what lies outside a picture is made up, as torchvision's `pad` has it. */
export type PaddingMode = 'constant' | 'edge' | 'reflect' | 'symmetric';

/** The sample of a line that one outside of it shows; -1 where that is the fill's. */
export function seen(at: number, count: number, mode: PaddingMode): number {
  if (at >= 0 && at < count) return at;
  switch (mode) {
    case 'constant':
      return -1;
    case 'edge':
      return at < 0 ? 0 : count - 1;
    case 'reflect': {
      // d c b | a b c d | c b a, which repeats after 2 (count - 1).
      const period = Math.max(1, 2 * (count - 1));
      const place = ((at % period) + period) % period;
      return place < count ? place : period - place;
    }
    case 'symmetric': {
      // c b a | a b c d | d c b, which repeats after 2 count.
      const place = ((at % (2 * count)) + 2 * count) % (2 * count);
      return place < count ? place : 2 * count - 1 - place;
    }
  }
}

/**
 * A part of a picture, which may reach outside of it.
 *
 * @param fill - What 'constant' puts outside, one number for each channel.
 */
export function crop(
  { data, channels, height, width }: Picture,
  box: Box,
  fill: readonly number[],
  mode: PaddingMode = 'constant',
): Picture {
  const out = new Uint8Array(box.height * box.width * channels);
  const inside = box.left >= 0 && box.left + box.width <= width;
  const columns = inside
    ? undefined
    : Int32Array.from({ length: box.width }, (_, x) => seen(box.left + x, width, mode));
  let at = 0;
  for (let y = 0; y < box.height; y++) {
    const row = seen(box.top + y, height, mode);
    const from = (row * width + box.left) * channels;
    if (row >= 0 && !columns) {
      out.set(data.subarray(from, from + box.width * channels), at);
      at += box.width * channels;
      continue;
    }
    for (let x = 0; x < box.width; x++) {
      const column = row < 0 ? -1 : columns ? (columns[x] as number) : box.left + x;
      const pixel = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) {
        out[at++] = column < 0 ? (fill[c] as number) : (data[pixel + c] as number);
      }
    }
  }
  return { data: out, channels, height: box.height, width: box.width };
}

import * as v from 'valibot';
import { object, oneOf, optional, said } from '../../schema.js';
import type { Picture } from '../picture.js';
import { chance } from './draw.js';
import { probability } from './fields.js';
import { kind } from './kind.js';
import { times } from './words.js';

/** Left and right exchanged. */
export function mirror({ data, channels, height, width }: Picture): Picture {
  const out = new Uint8Array(data.length);
  const stride = width * channels;
  for (let y = 0; y < height; y++) {
    let at = y * stride;
    for (let from = at + stride - channels; from >= y * stride; from -= channels) {
      out[at++] = data[from] as number;
      for (let c = 1; c < channels; c++) out[at++] = data[from + c] as number;
    }
  }
  return { data: out, channels, height, width };
}

/** Top and bottom exchanged. */
export function upsideDown({ data, channels, height, width }: Picture): Picture {
  const out = new Uint8Array(data.length);
  const stride = width * channels;
  for (let y = 0; y < height; y++) {
    out.set(data.subarray(y * stride, (y + 1) * stride), (height - 1 - y) * stride);
  }
  return { data: out, channels, height, width };
}

/** A mirrored picture, in some of the cases. */
export const flip = kind({
  schema: object({
    name: v.literal('flip'),
    direction: optional(
      said(oneOf(['horizontal', 'vertical']), 'left and right, or top and bottom'),
      'horizontal',
    ),
    p: probability(0.5),
  }),
  isRandom: ({ p }) => p > 0 && p < 1,
  step({ direction, p }) {
    const flipped = direction === 'horizontal' ? mirror : upsideDown;
    return (picture, random) => (chance(random, p) ? flipped(picture) : picture);
  },
  describe: ({ direction, p }) =>
    `${direction === 'horizontal' ? 'mirrored' : 'turned upside down'}${times(p)}`,
});

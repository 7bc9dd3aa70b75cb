import * as v from 'valibot';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { mix } from '../../mix.js';
import { object, optional, said } from '../../schema.js';
import type { Picture } from '../picture.js';
import { channelValues } from './colour.js';
import { below, chance } from './draw.js';
import { drawSides, type PartOptions } from './draw-sides.js';
import { colourSchema, probability, range } from './fields.js';
import { kind } from './kind.js';
import type { Box } from './resample.js';
import { percent, times } from './words.js';

/**
 * A rectangle as torchvision's `RandomErasing` draws it: area uniform, log of the ratio (here height by width) uniform, smaller
 * than the picture on both sides, and the place uniform; nothing where ten of them do not fit.
 *
 * @see https://arxiv.org/abs/1708.04896
 */
export function drawHole(
  { height, width }: { readonly height: number; readonly width: number },
  options: PartOptions,
  random: RandomGenerator,
): Box | undefined {
  const sides = drawSides(height * width, options, random, (h, w) => h < height && w < width);
  const [h, w] = sides ?? [height, width];
  const top = below(random, height - h + 1);
  const left = below(random, width - w + 1);
  return sides && { top, left, height: h, width: w };
}

/** A picture with a rectangle of one colour, or, for a number that is drawn, of noise: bytes from a counter. */
export function erased(
  { data, channels, height, width }: Picture,
  box: Box,
  value: readonly number[] | { readonly noise: number },
): Picture {
  const out = data.slice();
  let count = 0;
  for (let y = box.top; y < box.top + box.height; y++) {
    let at = (y * width + box.left) * channels;
    for (let x = 0; x < box.width; x++) {
      for (let c = 0; c < channels; c++) {
        out[at++] = 'noise' in value ? mix(value.noise + count++) >>> 24 : (value[c] as number);
      }
    }
  }
  return { data: out, channels, height, width };
}

/** A picture with a random rectangle erased, in some of the cases. */
export const randomErasing = kind({
  schema: object({
    name: v.literal('randomErasing'),
    p: probability(0.5),
    scale: optional(said(range({ min: 0, max: 1 }), 'the part of the area that is erased'), [0.02, 0.33]),
    ratio: optional(said(range({ above: 0 }), 'its height by its width'), [0.3, 3.3]),
    value: optional(
      said(
        v.union([v.literal('random'), colourSchema], "a number from 0 to 255, one a channel, or 'random'"),
        'what is put there',
      ),
      0,
    ),
  }),
  isRandom: ({ p }) => p > 0,
  step: ({ p, value, ...options }, where) =>
    function randomErasingStep(picture, random) {
      const erases = chance(random, p);
      const box = drawHole(picture, options, random);
      const noise = random.next();
      if (!erases || box === undefined) return picture;
      const what = value === 'random' ? { noise } : channelValues(value, picture.channels, `${where}.value`);
      return erased(picture, box, what);
    },
  describe: ({ p, scale: [least, most] }) => `${percent(least)} to ${percent(most)} % erased${times(p)}`,
});

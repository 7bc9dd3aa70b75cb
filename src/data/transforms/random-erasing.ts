import * as v from 'valibot';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { mix } from '../../mix.js';
import { object, optional, said } from '../../schema.js';
import type { Picture } from '../picture.js';
import { channelValues } from './colour.js';
import { below, chance, uniform } from './draw.js';
import { colourSchema, probability, range } from './fields.js';
import { kind } from './kind.js';
import { exp, log, roundEven } from './maths.js';
import type { PartOptions } from './random-resized-crop.js';
import type { Box } from './resample.js';
import { percent, times } from './words.js';

/** After so many rectangles that do not fit, none is erased. */
const TRIES = 10;

/**
 * A rectangle as torchvision's `RandomErasing` draws it: area uniform, log of the ratio (here height by width) uniform, smaller
 * than the picture on both sides, and the place uniform; nothing where ten of them do not fit.
 *
 * @see https://arxiv.org/abs/1708.04896
 */
export function drawHole(
  { height, width }: { readonly height: number; readonly width: number },
  { scale, ratio }: PartOptions,
  random: RandomGenerator,
): Box | undefined {
  const logs = [log(ratio[0]), log(ratio[1])] as const;
  let size: readonly [height: number, width: number] | undefined;
  for (let i = 0; i < TRIES; i++) {
    // Drawn even after one that fits, so that every picture takes as many random numbers.
    const area = height * width * uniform(random, scale);
    const shape = exp(uniform(random, logs));
    if (size !== undefined) continue;
    const h = roundEven(Math.sqrt(area * shape));
    const w = roundEven(Math.sqrt(area / shape));
    if (h < height && w < width) size = [h, w];
  }
  const [h, w] = size ?? [height, width];
  const top = below(random, height - h + 1);
  const left = below(random, width - w + 1);
  return size && { top, left, height: h, width: w };
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

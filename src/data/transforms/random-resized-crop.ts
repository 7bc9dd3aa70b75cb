import * as v from 'valibot';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { object, optional, said } from '../../schema.js';
import { below } from './draw.js';
import { drawSides, type PartOptions } from './draw-sides.js';
import { bothSides, range, resamplingSchema, sizeSchema } from './fields.js';
import { kind } from './kind.js';
import { roundEven } from './maths.js';
import { resample, type Box } from './resample.js';
import { percent } from './words.js';

/**
 * A part of a picture as torchvision's `RandomResizedCrop` draws it: area uniform, log of the ratio uniform, and the place
 * uniform among those where it fits; the middle of the picture, with the nearest ratio allowed, where ten of them do not fit.
 *
 * @see https://arxiv.org/abs/1409.4842 (6: the scheme)
 */
export function drawPart(
  { height, width }: { readonly height: number; readonly width: number },
  options: PartOptions,
  random: RandomGenerator,
): Box {
  const { ratio } = options;
  const sides = drawSides(
    height * width,
    options,
    random,
    (w, h) => w > 0 && w <= width && h > 0 && h <= height,
  );
  const [across, down] = sides ?? [width, height];
  const top = below(random, height - down + 1);
  const left = below(random, width - across + 1);
  if (sides) return { top, left, height: down, width: across };
  const given = width / height;
  const h = given < ratio[0] ? Math.max(1, Math.min(height, roundEven(width / ratio[0]))) : height;
  const w = given > ratio[1] ? Math.max(1, Math.min(width, roundEven(height * ratio[1]))) : width;
  return { top: (height - h) >> 1, left: (width - w) >> 1, height: h, width: w };
}

/** A random part of a picture, of random shape, made the same size. */
export const randomResizedCrop = kind({
  schema: object({
    name: v.literal('randomResizedCrop'),
    size: said(sizeSchema, 'of what comes out'),
    scale: optional(said(range({ above: 0, max: 1 }), 'the part of the area that is seen'), [0.08, 1]),
    ratio: optional(said(range({ above: 0 }), 'its width by its height'), [3 / 4, 4 / 3]),
    interpolation: resamplingSchema,
  }),
  isRandom: () => true,
  step({ size, interpolation, ...options }) {
    const to = bothSides(size);
    return (picture, random) =>
      resample(picture, { size: to, interpolation, box: drawPart(picture, options, random) });
  },
  describe: ({ size, scale: [least, most] }) =>
    `random crops of ${percent(least)} to ${percent(most)} % resized to ${bothSides(size).join('x')}`,
});

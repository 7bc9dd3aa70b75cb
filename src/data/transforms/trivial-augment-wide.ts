import * as v from 'valibot';
import { number, object, optional, said } from '../../schema.js';
import { magnitudes, operate, operations, type Strengths } from './auto-augment.js';
import { channelValues } from './colour.js';
import { below, chance } from './draw.js';
import { fillSchema, mappingSchema } from './fields.js';
import { kind } from './kind.js';

/** How strong TrivialAugment's operations may get ("wide"), as torchvision has it; moves in pixels, whatever the size. */
export const trivialStrengths: Strengths = {
  shear: 0.99,
  translate: [32, 32],
  rotate: 135,
  enhance: 0.99,
  posterize: 6,
};

/**
 * One random operation of a random magnitude.
 *
 * @see https://arxiv.org/abs/2103.10158
 */
export const trivialAugmentWide = kind({
  schema: object({
    name: v.literal('trivialAugmentWide'),
    numMagnitudeBins: optional(said(number({ whole: true, min: 2, max: 1000 }), 'steps of magnitude'), 31),
    interpolation: mappingSchema,
    fill: fillSchema,
  }),
  isRandom: () => true,
  step({ numMagnitudeBins, interpolation: mapping, fill }, where) {
    const all = operations.map((operation) => ({
      operation,
      of: magnitudes(operation, trivialStrengths, numMagnitudeBins),
    }));
    return (picture, random) => {
      const drawn = all[below(random, all.length)];
      const bin = below(random, numMagnitudeBins);
      const isNegative = chance(random, 0.5);
      if (drawn === undefined) return picture;
      const size = drawn.of?.values[bin] ?? 0;
      return operate(picture, drawn.operation, drawn.of?.isSigned && isNegative ? -size : size, {
        mapping,
        fill: channelValues(fill, picture.channels, `${where}.fill`),
      });
    };
  },
  describe: () => 'one random operation of random strength (TrivialAugment)',
});

import * as v from 'valibot';
import { number, object, optional, said, whole } from '../../schema.js';
import { magnitudes, operate, operations, type Strengths } from './auto-augment.js';
import { channelValues } from './colour.js';
import { below, chance } from './draw.js';
import { fieldCheck, fillSchema, mappingSchema } from './fields.js';
import { kind } from './kind.js';

/** How strong RandAugment's operations may get with a picture, as torchvision has it. */
export const randStrengths = ({
  height,
  width,
}: {
  readonly height: number;
  readonly width: number;
}): Strengths => ({
  shear: 0.3,
  translate: [(150 / 331) * width, (150 / 331) * height],
  rotate: 30,
  enhance: 0.9,
  posterize: 4,
});

const bins = said(number({ whole: true, min: 2, max: 1000 }), 'steps of magnitude');

const fields = object({
  name: v.literal('randAugment'),
  numOps: optional(said(whole(0), 'operations, one after the other'), 2),
  magnitude: optional(said(whole(0), 'their strength, a step'), 9),
  numMagnitudeBins: optional(bins, 31),
  interpolation: mappingSchema,
  fill: fillSchema,
});

const schema = v.pipe(
  fields,
  fieldCheck<v.InferOutput<typeof fields>>(
    'magnitude',
    ({ magnitude, numMagnitudeBins }) => magnitude < numMagnitudeBins,
    'a whole number below numMagnitudeBins',
  ),
);

/**
 * Random operations of one magnitude.
 *
 * @see https://arxiv.org/abs/1909.13719
 */
export const randAugment = kind({
  schema,
  isRandom: ({ numOps }) => numOps > 0,
  step: ({ numOps, magnitude, numMagnitudeBins, interpolation: mapping, fill }, where) =>
    function randAugmentStep(picture, random) {
      const options = { mapping, fill: channelValues(fill, picture.channels, `${where}.fill`) };
      let now = picture;
      // The size is the first picture's, as operations keep it.
      const strengths = randStrengths(picture);
      for (let i = 0; i < numOps; i++) {
        const operation = operations[below(random, operations.length)] ?? 'identity';
        const isNegative = chance(random, 0.5);
        const of = magnitudes(operation, strengths, numMagnitudeBins);
        const size = of?.values[magnitude] ?? 0;
        now = operate(now, operation, of?.isSigned && isNegative ? -size : size, options);
      }
      return now;
    },
  describe: ({ numOps, magnitude, numMagnitudeBins }) =>
    `${numOps} random operations of strength ${magnitude} of ${numMagnitudeBins - 1} (RandAugment)`,
});

import * as v from 'valibot';
import { object, said } from '../../schema.js';
import { channelValues } from './colour.js';
import { uniform } from './draw.js';
import { bothWays, degreesSchema, fillSchema, mappingSchema } from './fields.js';
import { kind } from './kind.js';
import { rotation, warp } from './warp.js';
import { between } from './words.js';

/** A picture turned around its middle, anticlockwise. */
export const rotate = kind({
  schema: object({
    name: v.literal('rotate'),
    degrees: said(degreesSchema, 'd for -d to d, or [least, most]'),
    interpolation: mappingSchema,
    fill: fillSchema,
  }),
  isRandom({ degrees }) {
    const [least, most] = bothWays(degrees);
    return least < most;
  },
  step({ degrees, interpolation, fill }, where) {
    const angles = bothWays(degrees);
    return (picture, random) => {
      const colour = channelValues(fill, picture.channels, `${where}.fill`);
      return warp(picture, rotation(uniform(random, angles), picture), interpolation, colour);
    };
  },
  describe: ({ degrees }) => `turned by ${between(bothWays(degrees), '°')}`,
});

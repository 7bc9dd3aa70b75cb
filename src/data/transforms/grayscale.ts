import * as v from 'valibot';
import { object } from '../../schema.js';
import { chance } from './draw.js';
import { probability } from './fields.js';
import { withoutColours } from './grey.js';
import { kind } from './kind.js';
import { times } from './words.js';

/** A picture without colours, in some of the cases. */
export const grayscale = kind({
  schema: object({ name: v.literal('grayscale'), p: probability(0.1) }),
  isRandom: ({ p }) => p > 0 && p < 1,
  step:
    ({ p }) =>
    (picture, random) =>
      chance(random, p) ? withoutColours(picture) : picture,
  describe: ({ p }) => `made grey${times(p)}`,
});

import * as v from 'valibot';
import { object } from '../../schema.js';
import { chance } from './draw.js';
import { probability } from './fields.js';
import { kind } from './kind.js';
import { inverted } from './tones.js';
import { times } from './words.js';

/** Light and dark exchanged, in some of the cases. */
export const invert = kind({
  schema: object({ name: v.literal('invert'), p: probability(0.5) }),
  isRandom: ({ p }) => p > 0 && p < 1,
  step:
    ({ p }) =>
    (picture, random) =>
      chance(random, p) ? inverted(picture) : picture,
  describe: ({ p }) => `inverted${times(p)}`,
});

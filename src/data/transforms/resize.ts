import * as v from 'valibot';
import { object, optional, said, whole } from '../../schema.js';
import { fieldCheck, resamplingSchema, sizeSchema } from './fields.js';
import { kind } from './kind.js';
import { resample } from './resample.js';
import { resizedTo } from './sizes.js';

const fields = object({
  name: v.literal('resize'),
  size: said(sizeSchema, 'of the shorter side, or [height, width]'),
  interpolation: resamplingSchema,
  maxSize: optional(said(whole(1), 'the most that the longer side may have')),
});

const schema = v.pipe(
  fields,
  fieldCheck<v.InferOutput<typeof fields>>(
    'maxSize',
    ({ size, maxSize }) => maxSize === undefined || (typeof size === 'number' && maxSize >= size),
    'a whole number of at least size, where that is of the shorter side alone',
  ),
);

/** A picture of another size, antialiased. */
export const resize = kind({
  schema,
  isRandom: () => false,
  step: ({ size, interpolation, maxSize }) =>
    function resizeStep(picture) {
      const to = resizedTo([picture.height, picture.width], size, maxSize);
      const isSame = to[0] === picture.height && to[1] === picture.width;
      return isSame ? picture : resample(picture, { size: to, interpolation });
    },
  describe: ({ size, maxSize }) =>
    typeof size !== 'number'
      ? `resized to ${size.join('x')}`
      : `resized to ${size} at the shorter side${maxSize === undefined ? '' : `, at most ${maxSize} at the longer`}`,
});

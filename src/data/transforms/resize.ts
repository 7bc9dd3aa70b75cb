import * as v from 'valibot';
import { object, optional, said, whole } from '../../schema.js';
import { fieldCheck, resamplingSchema, sizeSchema, type Size } from './fields.js';
import { kind } from './kind.js';
import { resample } from './resample.js';

/**
 * The size that a picture of another gets: exactly [height, width], or, of a number, such that its shorter side has that and
 * the longer one as much as keeps its shape (rounded down, as torchvision does; at least 1), but not more than `maxSize`.
 */
export function resizedTo(
  [height, width]: readonly [number, number],
  size: Size,
  maxSize = Infinity,
): readonly [height: number, width: number] {
  if (typeof size !== 'number') return size;
  const isUpright = width <= height;
  const [shorter, longer] = isUpright ? [width, height] : [height, width];
  let [short, long] = [size, Math.trunc((size * longer) / shorter)];
  if (long > maxSize) [short, long] = [Math.max(1, Math.trunc((maxSize * short) / long)), maxSize];
  return isUpright ? [long, short] : [short, long];
}

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

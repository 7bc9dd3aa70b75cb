import * as v from 'valibot';
import { list, number, oneOf, optional, said, tuple, whole } from '../../schema.js';

export { bothSides, type Size } from './sizes.js';

const sides = 'a whole number of at least 1 for both sides, or [height, width]';

export const sizeSchema = v.union([whole(1), tuple([whole(1), whole(1)], sides)], sides);

type Limits = NonNullable<Parameters<typeof number>[0]>;

const order = 'two numbers, the lower one first';

/** [least, most]. */
export const range = (limits: Limits = {}) =>
  v.pipe(
    tuple([number(limits), number(limits)], order),
    v.check(([least, most]) => least <= most, order),
  );

/** A number that stands for a range around a middle, or [least, most]. */
export const spread = (limits: Limits, of: Limits, message: string) =>
  v.union([number(limits), range(of)], message);

const angles = 'a number of degrees of at least 0, or [least, most]';

/** Degrees: d for [-d, d], or [least, most]. */
export const degreesSchema = spread({ min: 0 }, {}, angles);

/** [least, most] of a number of degrees. */
export const bothWays = (degrees: number | readonly [number, number]): readonly [number, number] =>
  typeof degrees === 'number' ? [-degrees, degrees] : degrees;

/** The probability that a transform does anything. */
export const probability = (fallback: number) =>
  optional(said(number({ min: 0, max: 1 }), 'the probability of doing it'), fallback);

const byte = () => number({ whole: true, min: 0, max: 255 });
const colour = 'a whole number from 0 to 255, or a list of them, one a channel';

export const colourSchema = v.union([byte(), list(byte(), colour)], colour);

export const fillSchema = optional(said(colourSchema, 'the colour of what lies outside the picture'), 0);

export const resamplingSchema = optional(
  said(oneOf(['bilinear', 'bicubic']), 'the filter that new sizes are computed with'),
  'bilinear',
);

export const mappingSchema = optional(
  said(oneOf(['nearest', 'bilinear']), 'how pixels between those of the picture are read'),
  'nearest',
);

/** What a field must be beside the others of its object; `fits` gets the object. */
export const fieldCheck = <T extends Readonly<Record<string, unknown>>>(
  key: keyof T & string,
  fits: (value: T) => boolean,
  message: string,
) =>
  v.rawCheck<T>(({ dataset, addIssue }) => {
    if (!dataset.typed || fits(dataset.value)) return;
    const input = dataset.value;
    const value = input[key];
    addIssue({ message, input: value, path: [{ type: 'object', origin: 'value', input, key, value }] });
  });

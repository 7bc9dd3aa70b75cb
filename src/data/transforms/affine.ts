import * as v from 'valibot';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { number, object, optional, said, tuple } from '../../schema.js';
import { channelValues } from './colour.js';
import { uniform } from './draw.js';
import { bothWays, degreesSchema, fillSchema, mappingSchema, range } from './fields.js';
import { kind } from './kind.js';
import { roundEven } from './maths.js';
import { affineMatrix, warp, type AffineOptions } from './warp.js';
import { between, percent } from './words.js';

// A shear of a right angle would make the picture a line.
const sheared = { above: -90, below: 90 };
const shears = 'degrees in [0, 90), [least, most] along x, or [least, most, least, most] along x and y';

const shearSchema = v.union(
  [
    number({ min: 0, below: 90 }),
    range(sheared),
    v.pipe(
      tuple([number(sheared), number(sheared), number(sheared), number(sheared)], shears),
      v.check(([a, b, c, d]) => a <= b && c <= d, shears),
    ),
  ],
  shears,
);

const schema = object({
  name: v.literal('affine'),
  degrees: said(degreesSchema, 'turned by: d for -d to d, or [least, most]'),
  translate: optional(
    said(
      tuple([number({ min: 0, max: 1 }), number({ min: 0, max: 1 })], 'two numbers from 0 to 1'),
      'the most that it is moved by, in parts of its width and of its height',
    ),
  ),
  scale: optional(said(range({ above: 0 }), 'enlarged by')),
  shear: optional(said(shearSchema, 'sheared by, in degrees')),
  interpolation: mappingSchema,
  fill: fillSchema,
});

type AffineSpec = v.InferOutput<typeof schema>;

/** Everything that is drawn, as ranges; nothing is where both ends are one. */
function ranges({ degrees, translate = [0, 0], scale = [1, 1], shear = [0, 0] }: AffineSpec) {
  const [x0, x1, y0, y1] = typeof shear === 'number' ? [-shear, shear] : shear;
  return {
    degrees: bothWays(degrees),
    translate: translate.map((part) => [-part, part] as const),
    scale,
    shear: [
      [x0, x1],
      [y0 ?? 0, y1 ?? 0],
    ] as const,
  };
}

/** What one picture gets: angle, then the moves, the scale and the shears; always six numbers. */
export function drawAffine(
  spec: AffineSpec,
  { height, width }: { readonly height: number; readonly width: number },
  random: RandomGenerator,
): AffineOptions {
  const { degrees, translate, scale, shear } = ranges(spec);
  const angle = uniform(random, degrees);
  const [x, y] = translate.map((part, i) => {
    const side = i === 0 ? width : height;
    return roundEven(uniform(random, [part[0] * side, part[1] * side]));
  }) as [number, number];
  return {
    angle,
    translate: [x, y],
    scale: uniform(random, scale),
    shear: [uniform(random, shear[0]), uniform(random, shear[1])],
    center: [width * 0.5, height * 0.5],
  };
}

/** A picture turned, moved, enlarged and sheared. */
export const affine = kind({
  schema,
  isRandom(spec) {
    const { degrees, translate, scale, shear } = ranges(spec);
    return [degrees, ...translate, scale, ...shear].some(([least, most]) => least < most);
  },
  step: (spec, where) => (picture, random) => {
    const colour = channelValues(spec.fill, picture.channels, `${where}.fill`);
    return warp(picture, affineMatrix(drawAffine(spec, picture, random)), spec.interpolation, colour);
  },
  describe({ degrees, translate, scale, shear }) {
    const parts = [`turned by ${between(bothWays(degrees), '°')}`];
    if (translate) parts.push(`moved by up to ${percent(Math.max(...translate))} %`);
    if (scale) parts.push(`enlarged ${scale[0]} to ${scale[1]} times`);
    if (shear !== undefined) parts.push(`sheared by up to ${most(shear)}°`);
    return parts.join(', ');
  },
});

const most = (shear: number | readonly number[]): number =>
  typeof shear === 'number' ? shear : Math.max(...shear.map(Math.abs));

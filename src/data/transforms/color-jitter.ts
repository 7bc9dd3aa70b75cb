import * as v from 'valibot';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { object, optional, said } from '../../schema.js';
import type { Picture } from '../picture.js';
import { brightened, contrasted, saturated } from './blend.js';
import { permutation, uniform } from './draw.js';
import { spread } from './fields.js';
import { hueShifted } from './hue.js';
import { kind } from './kind.js';
import { between } from './words.js';

const factor = spread(
  { min: 0 },
  { min: 0 },
  'a number b of at least 0, for factors from max(0, 1 - b) to 1 + b, or [least, most] of at least 0',
);

const turn = spread(
  { min: 0, max: 0.5 },
  { min: -0.5, max: 0.5 },
  'a number h from 0 to 0.5, for -h to h, or [least, most] within -0.5 and 0.5',
);

const schema = object({
  name: v.literal('colorJitter'),
  brightness: optional(said(factor, 'how much brightness changes')),
  contrast: optional(said(factor, 'how much contrast changes')),
  saturation: optional(said(factor, 'how much saturation changes')),
  hue: optional(said(turn, 'how much hue changes, in parts of the circle')),
});

type JitterSpec = v.InferOutput<typeof schema>;

type Interval = readonly [least: number, most: number];

/** The four changes in torchvision's order, each with the value that changes nothing. */
const changes = [
  { name: 'brightness', neutral: 1, apply: brightened },
  { name: 'contrast', neutral: 1, apply: contrasted },
  { name: 'saturation', neutral: 1, apply: saturated },
  { name: 'hue', neutral: 0, apply: hueShifted },
] as const;

/** What a factor is drawn from; nothing where it would always be the one that changes nothing. */
function interval(spec: JitterSpec, { name, neutral }: (typeof changes)[number]): Interval | undefined {
  const given = spec[name];
  if (given === undefined) return undefined;
  const least = neutral === 1 ? 0 : -Infinity;
  const [from, to] = typeof given === 'number' ? [Math.max(least, neutral - given), neutral + given] : given;
  return from === neutral && to === neutral ? undefined : [from, to];
}

/** What one picture gets: the changes in their order, with their factors; always seven numbers. */
export function drawJitter(
  spec: JitterSpec,
  random: RandomGenerator,
): readonly { readonly name: (typeof changes)[number]['name']; readonly factor: number }[] {
  const order = permutation(random, changes.length);
  const factors = changes.map((change) => {
    const of = interval(spec, change);
    const drawn = uniform(random, of ?? [0, 0]);
    return of && drawn;
  });
  return order.flatMap((i) => {
    const [change, by] = [changes[i], factors[i]];
    return change === undefined || by === undefined ? [] : [{ name: change.name, factor: by }];
  });
}

const byName = Object.fromEntries(changes.map(({ name, apply }) => [name, apply])) as Record<
  (typeof changes)[number]['name'],
  (picture: Picture, factor: number) => Picture
>;

/** A picture of changed brightness, contrast, saturation and hue, one after the other in a random order. */
export const colorJitter = kind({
  schema,
  isRandom(spec) {
    const all = changes.flatMap((change) => interval(spec, change) ?? []);
    // Two changes are random even with fixed factors, as their order is drawn.
    return all.length > 2 || all[0] !== all[1];
  },
  step: (spec) => (picture, random) =>
    drawJitter(spec, random).reduce((now, { name, factor: by }) => byName[name](now, by), picture),
  describe(spec) {
    const parts = changes.flatMap((change) => {
      const of = interval(spec, change);
      if (!of) return [];
      const [from, to] = of.map((value) => Number((100 * (value - change.neutral)).toPrecision(3)));
      return [`${change.name} ${between([from ?? 0, to ?? 0], ' %')}`];
    });
    return parts.length === 0 ? 'colours as they are' : parts.join(', ');
  },
});

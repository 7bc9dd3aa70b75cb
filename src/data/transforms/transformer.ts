import * as v from 'valibot';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { DataError, OptionError } from '../../errors.js';
import { checked } from '../../schema.js';
import type { Picture } from '../picture.js';
import { randomStream, type Stream } from '../random.js';
import { resizedCrop } from './resized-crop.js';
import { kindOf, transformSchema, type FullTransformSpec, type TransformSpec } from './schema.js';
import type { Step } from './kind.js';

/**
 * A transform of one picture: a plain description, or a function of your own. The function gives a new picture (or the one that
 * came), leaves the pixels of the old one as they are, and draws what it needs at random from the generator that it gets:
 * then the same picture comes out for the same seed, epoch and index.
 *
 * @example
 * const darker: Transform = ({ data, ...shape }) => ({ ...shape, data: data.map((value) => value >> 1) });
 */
export type Transform = TransformSpec | ((picture: Picture, random: RandomGenerator) => Picture);

/** What a picture's random numbers depend on. */
export type PictureSeed = Required<Stream>;

type OwnTransform = Extract<Transform, (...args: never) => unknown>;

const isOwn = (transform: unknown): transform is OwnTransform => typeof transform === 'function';

const schema = v.array(
  v.lazy((each) => (isOwn(each) ? v.custom<OwnTransform>(isOwn) : transformSchema)),
  'a list of transforms',
);

/** Random numbers for what does not depend on them. */
const anyNumbers = randomStream({ seed: 0, epoch: 0, index: 0 });

/** Random numbers for an own transform where there are none. */
function refusing(where: string): RandomGenerator {
  const refuse = (): never => {
    throw new OptionError(`${where}: draws random numbers, for which seed, epoch and index are needed`);
  };
  return { next: refuse, clone: refuse, getState: refuse };
}

/**
 * Checks transforms and gives the function that applies them one after the other.
 *
 * Random numbers depend on the stream alone, which is of the picture: seed, epoch, and its index in its data set. So neither
 * the order in which pictures come, nor the batch size, nor the count of threads changes anything, and Node and browsers give
 * the same pixels.
 *
 * @param where - What errors call the list.
 * @returns A function of a picture and its stream; the stream may be left out where nothing is random. It throws OptionError
 *   where random transforms get no stream, and DataError where a transform cannot be applied to a picture.
 * @throws OptionError for an unknown transform or option, or one out of its range; it says where: `transforms[1].scale`.
 * @example
 * const augment = transformer([
 *   { name: 'randomResizedCrop', size: 128, scale: [0.35, 1] },
 *   { name: 'flip' },
 *   (picture) => picture, // your own
 * ]);
 * const picture = augment(original, { seed: 1, epoch: 0, index: 17 });
 */
export function transformer(
  transforms: readonly Transform[],
  where = 'transforms',
): (picture: Picture, stream?: PictureSeed) => Picture {
  const all = checked(schema, transforms, where);
  const steps = fused(all, where);
  const firstRandom = all.findIndex((each) => !isOwn(each) && kindOf(each).isRandom(each));
  return function transformed(picture, stream) {
    if (stream === undefined && firstRandom >= 0) {
      const { name } = all[firstRandom] as FullTransformSpec;
      throw new OptionError(
        `${where}[${firstRandom}]: ${name} is random, for which seed, epoch and index are needed`,
      );
    }
    const random = stream && randomStream(stream);
    return steps.reduce(
      (now, { step, own }) => step(now, random ?? (own === undefined ? anyNumbers : refusing(own))),
      picture,
    );
  };
}

interface Placed {
  readonly step: Step;
  /** Where an own transform stands. */
  readonly own?: string;
}

/** An own transform, what comes of which is checked: pixels of another count would be read as others, in silence. */
const whole =
  (own: OwnTransform, where: string): Step =>
  (picture, random) => {
    const made = own(picture, random);
    const { data, channels, height, width } = made;
    if (data.length !== channels * height * width || data.length === 0) {
      throw new DataError(
        `${where}: expected a picture with height * width * channels samples, ` +
          `got ${data.length} for ${height}x${width} with ${channels} channels`,
      );
    }
    return made;
  };

/** The steps, of which a resize and the crop after it are one: what is cut away is not computed. */
function fused(all: readonly (FullTransformSpec | OwnTransform)[], where: string): readonly Placed[] {
  return all.flatMap((each, i) => {
    const at = `${where}[${i}]`;
    if (isOwn(each)) return [{ step: whole(each, at), own: at }];
    const next = all[i + 1];
    if (each.name === 'resize' && next !== undefined && !isOwn(next) && next.name === 'centerCrop') {
      return [{ step: resizedCrop(each, next) }];
    }
    const before = all[i - 1];
    const isDone = each.name === 'centerCrop' && before && !isOwn(before) && before.name === 'resize';
    return isDone ? [] : [{ step: kindOf(each).step(each, at) }];
  });
}

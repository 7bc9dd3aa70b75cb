import type * as v from 'valibot';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { Schema } from '../../schema.js';
import type { Picture } from '../picture.js';

/** What a transform does with one picture: a new picture, or the same; never a change of the pixels that it was given. */
export type Step = (picture: Picture, random: RandomGenerator) => Picture;

/** One kind of transform: everything that the library knows of it. */
export interface Kind<S extends Schema> {
  readonly schema: S;
  /** Whether what it does is drawn at random. */
  isRandom(spec: v.InferOutput<S>): boolean;
  /**
   * What it does.
   *
   * @param where - What its errors call it.
   */
  step(spec: v.InferOutput<S>, where: string): Step;
  /** What it does, for people: `mirrored in half of the cases`. */
  describe(spec: v.InferOutput<S>): string;
}

/** Gives the methods of a kind the types of its schema. */
export const kind = <S extends Schema>(of: Kind<S>): Kind<S> => of;

import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/*
 * Each of these takes one number off the stream, whatever comes of it, so that what follows does not depend on it.
 */

/** Uniform in [0, 1), in steps of 2^-32. */
const unit = (random: RandomGenerator): number => (random.next() >>> 0) / 2 ** 32;

/** Uniform in [least, most). */
export const uniform = (random: RandomGenerator, [least, most]: readonly [number, number]): number =>
  least + (most - least) * unit(random);

/** A whole number from 0 to count - 1. What 2^32 leaves over makes some of them likelier by count / 2^32 at the most. */
export const below = (random: RandomGenerator, count: number): number => Math.floor(unit(random) * count);

/** True with probability p. */
export const chance = (random: RandomGenerator, p: number): boolean => unit(random) < p;

/** An order of 0 .. count - 1 (Fisher-Yates). */
export function permutation(random: RandomGenerator, count: number): readonly number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

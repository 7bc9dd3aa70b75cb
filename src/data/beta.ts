import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** What the numbers of `symmetricBeta` are multiples of. */
const GRID = 2 ** 24;

/**
 * A number from Beta(alpha, alpha), a multiple of 2^-24 from 0 to 1: 1/2 + 1/2 S / sqrt(1 + 1 / ((U^(-1/alpha) - 1) cos^2(pi V))),
 * with U and V uniform and S the sign of cos(pi V). So it takes two random words whatever alpha is, and where platforms differ
 * in the last digit of a power or a cosine, one number in 10^8 becomes another. It and its distance to 1 are exact in float32.
 *
 * @see Luc Devroye, Random variate generation in one line of code, 1996 (symmetric beta, from Bailey's polar method for Student's t)
 * @see https://dl.acm.org/doi/10.1145/256562.256623
 */
export function symmetricBeta(alpha: number, random: RandomGenerator): number {
  const [u, v] = [uniform(random), uniform(random)];
  const cosine = Math.cos(Math.PI * v);
  const square = (u ** (-1 / alpha) - 1) * cosine * cosine;
  const half = Math.sign(cosine) / (2 * Math.sqrt(1 + 1 / square));
  return Math.round((0.5 + half) * GRID) / GRID;
}

/** The middle of one of 2^32 equal parts of (0, 1): neither end. */
function uniform(random: RandomGenerator): number {
  return ((random.next() >>> 0) + 0.5) / 2 ** 32;
}

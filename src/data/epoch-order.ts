import { checkWhole } from '../checks.js';
import { randomStream, shuffleInPlace } from './random.js';

/** How to walk through a data set in one epoch. */
export interface EpochOrderOptions {
  /** False keeps the order of the file. */
  readonly shuffle: boolean;
  /** A whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** A whole number from 0 to 2^32 - 1. */
  readonly epoch: number;
}

/**
 * The order in which one epoch visits the items: the same for the same seed and epoch, on every platform.
 *
 * @param count - Number of items.
 * @returns A permutation of 0 .. count - 1 (Fisher-Yates over xoroshiro128+), or that sequence itself.
 * @throws OptionError if count, seed or epoch is out of its range.
 * @see https://prng.di.unimi.it/ (xoroshiro128+)
 * @example
 * const order = epochOrder(train.count, { shuffle: true, seed: 1, epoch: 0 });
 */
export function epochOrder(count: number, { shuffle, seed, epoch }: EpochOrderOptions): Uint32Array {
  checkWhole('count', count, 0, 2 ** 32 - 1);
  checkWhole('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  checkWhole('epoch', epoch, 0, 2 ** 32 - 1);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  if (!shuffle) return order;

  shuffleInPlace(order, randomStream({ seed, epoch }));
  return order;
}

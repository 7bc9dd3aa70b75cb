import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { mix } from '../mix.js';

/** What a stream of random numbers is for: streams for different uses never overlap. */
export interface Stream {
  /** 0 .. 2^53 - 1. */
  readonly seed: number;
  /** 0 .. 2^32 - 1. */
  readonly epoch: number;
  /** Of one image, 0 .. 2^32 - 1; absent for the order of the epoch. */
  readonly index?: number;
}

/** The stream of a whole batch. */
export interface BatchStream {
  /** 0 .. 2^53 - 1. */
  readonly seed: number;
  /** 0 .. 2^32 - 1. */
  readonly epoch: number;
  /** Which batch of the epoch, 0 .. 2^32 - 1. */
  readonly batch: number;
}

/** xoroshiro128+ mixes nearby states only after some steps: these are thrown away. */
const WARM_UP = 64;

/**
 * Random numbers that depend on seed, epoch and image, or batch, only: xoroshiro128+, the same on every platform.
 *
 * @see https://prng.di.unimi.it/ (xoroshiro128+)
 */
export function randomStream(stream: Stream | BatchStream): RandomGenerator {
  const { seed, epoch } = stream;
  const high = Math.floor(seed / 2 ** 32);
  // The parts fill the state side by side, so no two pairs share a stream. The constant of an order keeps its state
  // from being all zeros; one of the bits above the 21 of `high` does so for an image and for a batch, and keeps the uses apart.
  const [tag, last] = usedFor(stream);
  const random = xoroshiro128plusFromState([mix(seed), mix(high + tag), mix(epoch), last]);
  for (let i = 0; i < WARM_UP; i++) random.next();
  return random;
}

/** The bit of a use, and the word of its state that is the use's own. */
function usedFor(stream: Stream | BatchStream): readonly [tag: number, last: number] {
  if ('batch' in stream) return [2 ** 22, mix(stream.batch)];
  return stream.index === undefined ? [0, 0x6f727465] : [2 ** 21, mix(stream.index)];
}

/** Shuffles a list in place (Fisher-Yates). */
export function shuffleInPlace<T>(
  list: { [index: number]: T; readonly length: number },
  random: RandomGenerator,
): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    const swapped = list[i] as T;
    list[i] = list[j] as T;
    list[j] = swapped;
  }
}

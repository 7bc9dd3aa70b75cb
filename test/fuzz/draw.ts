import { mix } from '../../src/mix.js';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformInt } from 'pure-rand/distribution/uniformInt';

/** Seeded choices: the same seed and key give the same ones on every machine. */
export class Draw {
  readonly #random;

  constructor(seed: number, key = 0) {
    // Neighbouring seeds and keys shall share nothing: both go through murmur3's finaliser.
    this.#random = xoroshiro128plus(mix(0x9e3779b9 + mix(0x9e3779b9 + seed) + key));
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return uniformInt(this.#random, least, most);
  }

  /** One of the list. */
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  /** True in `percent` of 100 draws. */
  chance(percent: number): boolean {
    return this.int(1, 100) <= percent;
  }

  /** `count` draws. */
  list<T>(count: number, draw: () => T): T[] {
    return Array.from({ length: count }, draw);
  }

  /** The list in another order. */
  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((value) => ({ value, at: this.int(0, 2 ** 30) }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
  }
}

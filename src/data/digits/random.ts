import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { JumpableRandomGenerator } from 'pure-rand/types/JumpableRandomGenerator';

/** Seeded random numbers; only additions and multiplications, so the same on every platform. */
export interface Random {
  /** Uniform in [0, 1). */
  readonly uniform: () => number;
  /** Uniform in [low, high). */
  readonly between: (low: number, high: number) => number;
  /** About standard normal, never beyond +-3.47. */
  readonly normal: () => number;
}

/** xoroshiro128+ mixes nearby seeds only after some steps: these are thrown away. */
const WARM_UP = 64;

/**
 * The random numbers of one seed. Streams of one seed are 2^64 steps apart (`jump`), so they never meet.
 *
 * @param seed - Any integer; its lowest 32 bits count.
 * @param stream - 0, 1, 2 ...: an independent sequence of the same seed.
 */
export function makeRandom(seed: number, stream = 0): Random {
  const generator: JumpableRandomGenerator = xoroshiro128plus(seed);
  for (let i = 0; i < WARM_UP; i++) generator.next();
  for (let i = 0; i < stream; i++) generator.jump();

  const uniform = (): number => (generator.next() >>> 0) / 2 ** 32;
  const between = (low: number, high: number): number => low + (high - low) * uniform();
  // Irwin-Hall: the sum of 4 uniforms has mean 2 and variance 1/3. No log or cos, whose last bit JS leaves open.
  const normal = (): number => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
  return { uniform, between, normal };
}

import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { mix } from '../mix.js';
import { fillNormal } from './normal.js';

/** How a parameter starts: fills an array of its size. */
export interface Initializer {
  /** For the manifest and for people: `uniform(0.1)`. */
  readonly name: string;
  /** Writes every element, drawing from `random` as often as it needs. */
  readonly fill: (data: Float32Array, random: RandomGenerator) => void;
}

/**
 * A seeded source of random numbers for initialisers; seeds count modulo 2^32. The state is hashed from the seed, because
 * xoroshiro128+ starts near-by states with near-by numbers.
 * Source: https://prng.di.unimi.it/
 */
export function randomSource(seed: number): RandomGenerator {
  return xoroshiro128plusFromState([1, 2, 3, 4].map((i) => mix(seed + Math.imul(i, 0x9e3779b9))));
}

/**
 * All elements equal.
 *
 * @example
 * conv(8, 3, { biasInit: constantInit(0.1) });
 */
export function constantInit(value: number): Initializer {
  return { name: `constant(${value})`, fill: (data) => void data.fill(value) };
}

/**
 * Uniform in [-bound, bound).
 *
 * @example
 * linear(10, { init: (fanIn) => uniformInit(1 / fanIn) });
 */
export function uniformInit(bound: number): Initializer {
  return {
    name: `uniform(${bound})`,
    fill(data, random) {
      for (let i = 0; i < data.length; i++) data[i] = (2 * uniformFloat32(random) - 1) * bound;
    },
  };
}

/**
 * Normal with mean 0 and standard deviation `std`.
 *
 * @example
 * conv(64, 3, { init: () => normalInit(0.02) });
 */
export function normalInit(std: number): Initializer {
  return {
    name: `normal(${std})`,
    fill(data, random) {
      fillNormal(data, std, random);
    },
  };
}

/**
 * PyTorch's default for weights and biases of convolutions and linear layers: Kaiming-uniform with a = sqrt 5, which is
 * uniform in +-1 / sqrt(fanIn).
 * Source: https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 *
 * @example
 * conv(64, 3, { init: torchDefaultInit }); // what a convolution has without `init`
 */
export function torchDefaultInit(fanIn: number): Initializer {
  return uniformInit(1 / Math.sqrt(fanIn));
}

/**
 * He initialisation with the fan-out, as torchvision's ResNets have it. Source: https://arxiv.org/abs/1502.01852
 *
 * @example
 * conv(64, 3, { init: (_, fanOut) => heNormalInit(fanOut) });
 */
export function heNormalInit(fanOut: number): Initializer {
  return normalInit(Math.sqrt(2 / fanOut));
}

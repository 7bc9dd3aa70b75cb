import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { mersenne } from 'pure-rand/generator/mersenne';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** How a parameter starts: fills an array of its size. */
export interface Initializer {
  readonly name: string;
  readonly fill: (data: Float32Array, random: RandomGenerator) => void;
}

/** A seeded source of random numbers for initialisers. */
export function randomSource(seed: number): RandomGenerator {
  return mersenne(seed);
}

/** All elements equal. */
export function constantInit(value: number): Initializer {
  return { name: `constant(${value})`, fill: (data) => void data.fill(value) };
}

/** Uniform in [-bound, bound). */
export function uniformInit(bound: number): Initializer {
  return {
    name: `uniform(${bound})`,
    fill(data, random) {
      for (let i = 0; i < data.length; i++) data[i] = (2 * uniformFloat32(random) - 1) * bound;
    },
  };
}

/** Normal with mean 0, by the Box-Muller transform. */
export function normalInit(std: number): Initializer {
  return {
    name: `normal(${std})`,
    fill(data, random) {
      for (let i = 0; i < data.length; i++) {
        const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(random)));
        data[i] = std * radius * Math.cos(2 * Math.PI * uniformFloat64(random));
      }
    },
  };
}

/**
 * PyTorch's default for weights and biases of convolutions and linear layers: Kaiming-uniform with a = sqrt 5, which is
 * uniform in +-1 / sqrt(fanIn).
 * Source: https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 */
export function torchDefaultInit(fanIn: number): Initializer {
  return uniformInit(1 / Math.sqrt(fanIn));
}

/** He initialisation with the fan-out, as torchvision's ResNets have it. Source: https://arxiv.org/abs/1502.01852 */
export function heNormalInit(fanOut: number): Initializer {
  return normalInit(Math.sqrt(2 / fanOut));
}

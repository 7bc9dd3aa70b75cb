import type { Network } from './network.js';

/** How many numbers of a network are trained, and how many are not. */
export interface ParameterCounts {
  /** Numbers that training changes. */
  readonly trained: number;
  /** Numbers that are left as they are; see `freeze`. */
  readonly frozen: number;
}

/**
 * How many parameters of a network are trained and how many are frozen; running statistics do not count.
 *
 * @example
 * countParameters(freeze(resnet(18), ['*'], { except: ['fc'] })); // { trained: 513000, frozen: 11176512 }
 */
export function countParameters({ state }: Network): ParameterCounts {
  const size = (frozen: boolean): number =>
    state
      .filter((spec) => spec.kind === 'parameter' && spec.frozen === frozen)
      .reduce((sum, { shape }) => sum + shape.reduce((product, dim) => product * dim, 1), 0);
  return { trained: size(false), frozen: size(true) };
}

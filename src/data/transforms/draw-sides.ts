import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { uniform } from './draw.js';
import { exp, log, roundEven } from './maths.js';

/** What a part of a picture is drawn from. */
export interface PartOptions {
  /** Of its area in that of the picture. */
  readonly scale: readonly [least: number, most: number];
  /** Of its first side by its second. */
  readonly ratio: readonly [least: number, most: number];
}

const TRIES = 10;

/**
 * The sides of a rectangle as torchvision draws them: its area uniform, the log of its first side by its second uniform. The
 * first of ten that fits; undefined where none does.
 *
 * @param area - Of the picture.
 */
export function drawSides(
  area: number,
  { scale, ratio }: PartOptions,
  random: RandomGenerator,
  fits: (first: number, second: number) => boolean,
): readonly [first: number, second: number] | undefined {
  const logs = [log(ratio[0]), log(ratio[1])] as const;
  let sides: readonly [number, number] | undefined;
  for (let i = 0; i < TRIES; i++) {
    // Drawn even after one that fits, so that every picture takes as many random numbers.
    const part = area * uniform(random, scale);
    const shape = exp(uniform(random, logs));
    if (sides !== undefined) continue;
    const first = roundEven(Math.sqrt(part * shape));
    const second = roundEven(Math.sqrt(part / shape));
    if (fits(first, second)) sides = [first, second];
  }
  return sides;
}

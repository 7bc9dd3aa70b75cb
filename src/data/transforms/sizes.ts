import { roundEven } from './maths.js';

/*
 * Sizes and places of resizes and crops, without their schemas: what a page that only classifies loads.
 */

/** A size as specs write it: of both sides, or [height, width]. */
export type Size = number | readonly [height: number, width: number];

/** [height, width] of a size. */
export const bothSides = (size: Size): readonly [height: number, width: number] =>
  typeof size === 'number' ? [size, size] : size;

/**
 * The size that a picture of another gets: exactly [height, width], or, of a number, such that its shorter side has that and
 * the longer one as much as keeps its shape (rounded down, as torchvision does; at least 1), but not more than `maxSize`.
 */
export function resizedTo(
  [height, width]: readonly [number, number],
  size: Size,
  maxSize = Infinity,
): readonly [height: number, width: number] {
  if (typeof size !== 'number') return size;
  const isUpright = width <= height;
  const [shorter, longer] = isUpright ? [width, height] : [height, width];
  let [short, long] = [size, Math.trunc((size * longer) / shorter)];
  if (long > maxSize) [short, long] = [Math.max(1, Math.trunc((maxSize * short) / long)), maxSize];
  return isUpright ? [long, short] : [short, long];
}

/**
 * Where a line of `size` begins in the middle of one of `of`. Torchvision first pads what is shorter, the odd sample after it,
 * and then cuts, halves rounded to the even number.
 */
export const middle = (of: number, size: number): number =>
  of < size ? -Math.floor((size - of) / 2) : roundEven((of - size) / 2);

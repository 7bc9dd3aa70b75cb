import { checkWhole } from '../checks.js';

/** Pixels of an image: both sides, or height and width. */
export type ImageSize = number | readonly [height: number, width: number];

/** Height and width. Throws OptionError for a side of less than `least` pixels, which `because` explains. */
export function imageSides(
  network: string,
  size: ImageSize,
  least: number,
  because: string,
): readonly [height: number, width: number] {
  const sides = typeof size === 'number' ? ([size, size] as const) : size;
  for (const side of sides) checkWhole(`${network}: imageSize`, side, least, Infinity, `(${because})`);
  return sides;
}

/** As above for layers with stride 2, each of which must find two pixels to halve: 2^(halvings - 1) + 1 at first. */
export function halvedSides(
  network: string,
  size: ImageSize,
  halvings: number,
): readonly [height: number, width: number] {
  return imageSides(network, size, 2 ** (halvings - 1) + 1, `it is halved ${halvings} times`);
}

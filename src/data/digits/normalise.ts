import { BOX } from './render.js';

/** Side of an image, as in MNIST. */
export const SIDE = 28;

/**
 * Places a box of ink [20 * 20] in an image [28 * 28] as MNIST does: by whole pixels, so that the centre of mass lies in
 * the middle (pixel 14, 14), http://yann.lecun.com/exdb/mnist/.
 *
 * @param write - receives the index of each pixel in the image and its ink, for the pixels of the box
 */
export function placeByMass(box: Float64Array, write: (index: number, ink: number) => void): void {
  let mass = 0;
  let massX = 0;
  let massY = 0;
  for (let i = 0; i < box.length; i++) {
    const ink = box[i] ?? 0;
    mass += ink;
    massX += ink * (i % BOX);
    massY += ink * Math.floor(i / BOX);
  }
  const shift = (moment: number): number =>
    Math.min(Math.max(Math.round(SIDE / 2 - moment / mass), 0), SIDE - BOX);
  const left = shift(massX);
  const top = shift(massY);
  for (let i = 0; i < box.length; i++) {
    write((top + Math.floor(i / BOX)) * SIDE + left + (i % BOX), box[i] ?? 0);
  }
}

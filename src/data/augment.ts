import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { checkOption, checkWhole } from '../checks.js';
import { randomStream, type Stream } from './random.js';

/**
 * Random changes of each training image, drawn from (seed, epoch, index of the image in its data set) alone: the batch
 * size, the order, and where a run was resumed make no difference.
 *
 * @see https://arxiv.org/abs/1512.03385 (4.2: pad 4 pixels on each side, crop at random, flip)
 * @example
 * batches(train, { batchSize: 128, shuffle: true, augment: { pad: 4, crop: true, flip: true } });
 */
export interface Augmentation {
  /** Black pixels (0 before normalisation) added on each side, from which `crop` cuts; 0 unless given. */
  readonly pad?: number;
  /** Whether to cut an image of the old size out of the padded one, at a random place; true unless given, where there is a pad. */
  readonly crop?: boolean;
  /** Whether to mirror left and right, in half of the cases; false unless given. */
  readonly flip?: boolean;
}

/** How one image is changed: y[r, c] = x[r + down, (flip ? width - 1 - c : c) + right], black outside x. */
export interface Placement {
  /** -pad .. pad. */
  readonly down: number;
  /** -pad .. pad. */
  readonly right: number;
  readonly flip: boolean;
}

/**
 * Checks an augmentation.
 *
 * @throws OptionError if pad is not a whole number from 0 to the image's smaller side, crop or flip is no boolean, or pad
 *   and crop do not go together (images of another size would come out, or nothing would change).
 */
export function checkAugmentation(
  { pad = 0, crop, flip }: Augmentation,
  { height, width }: { readonly height: number; readonly width: number },
): void {
  checkWhole('augment.pad', pad, 0, Math.min(height, width), `for images of ${height}x${width}`);
  for (const [name, value] of Object.entries({ crop, flip })) {
    const fits = value === undefined || typeof value === 'boolean';
    checkOption(`augment.${name}`, value, fits, 'true or false');
  }
  checkOption(
    'augment.crop',
    crop,
    crop !== false || pad === 0,
    `true, as images padded by ${pad} must be cut to their size`,
  );
  const needed = 'at least 1, as crop has nothing to choose without';
  checkOption('augment.pad', pad, crop !== true || pad > 0, needed);
}

/**
 * What happens to one image of a data set in one epoch; each place and each side with the same chance.
 *
 * @example
 * const { down, right, flip } = placement({ pad: 4, flip: true }, { seed: 1, epoch: 0, index: 17 });
 */
export function placement({ pad = 0, flip = false }: Augmentation, stream: Required<Stream>): Placement {
  const random = randomStream(stream);
  // The side is drawn first and always, so that it does not depend on the pad.
  const side = uniformInt(random, 0, 1);
  const [down, right] = pad === 0 ? [0, 0] : [uniformInt(random, -pad, pad), uniformInt(random, -pad, pad)];
  return { down, right, flip: flip && side === 1 };
}

/** A plane of pixels and the place that it is copied to, one number of `table` for each pixel. */
export interface PlaneCopy {
  readonly pixels: Uint8Array;
  readonly from: number;
  readonly table: Float32Array;
  readonly images: Float32Array;
  readonly to: number;
  readonly height: number;
  readonly width: number;
}

/** Copies one channel [height, width] of an image, changed by `placement`. */
export function copyPlane(
  { pixels, from, table, images, to, height, width }: PlaneCopy,
  { down, right, flip }: Placement,
): void {
  const black = table[0] ?? 0;
  let at = to;
  for (let row = down; row < height + down; row++) {
    const inside = row >= 0 && row < height;
    for (let c = 0; c < width; c++) {
      const column = (flip ? width - 1 - c : c) + right;
      const seen = inside && column >= 0 && column < width;
      images[at++] = seen ? (table[pixels[from + row * width + column] ?? 0] ?? 0) : black;
    }
  }
}

import { DataError } from '../errors.js';
import { checkLabel } from './checks.js';
import { cifarSet, type CifarName } from './cifar-sets.js';
import type { MemoryDataset } from './dataset.js';
import { memoryDataset } from './memory-dataset.js';

const SIDE = 32;
const PIXELS = 3 * SIDE * SIDE;

/** One half of a CIFAR set, as its files. */
export interface CifarSource {
  /** Which layout: `cifar100` has a coarse label before the fine one. */
  readonly kind: CifarName;
  /** What the data set is to be called, e.g. `cifar10/train`. */
  readonly name: string;
  /** Bytes of the files, uncompressed, in order, with the names that errors call them by. */
  readonly files: readonly { readonly where: string; readonly bytes: Uint8Array }[];
  /** Label of each class index; the published ones unless given. */
  readonly classes?: readonly string[];
}

/**
 * Joins files in CIFAR's binary layout: for each image the label (`cifar100`: coarse, then fine), then 3072 pixels, red,
 * green and blue plane. The fine labels are taken.
 *
 * @returns Pixels 0..255, [count, 3, 32, 32], and fine labels, [count]; copies.
 * @throws DataError if a file is empty, its length is not a multiple of one record, or a label (coarse or fine) is out
 *   of range; OptionError for another kind.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html (binary version)
 * @example
 * const test = datasetFromCifar({ kind: 'cifar10', name: 'cifar10/test', files: [{ where: file, bytes }] });
 */
export function datasetFromCifar({ kind, name, files, classes }: CifarSource): MemoryDataset {
  const { coarse, classes: published } = cifarSet(kind);
  const labelled = classes ?? published;
  const record = (coarse > 0 ? 2 : 1) + PIXELS;
  const count = files.reduce((sum, { where, bytes }) => sum + countOf(where, bytes, record, kind), 0);
  if (count === 0) throw new DataError(`${name}: expected at least one file, got none`);
  const images = new Uint8Array(count * PIXELS);
  const labels = new Int32Array(count);
  let item = 0;
  for (const { where, bytes } of files) {
    for (let at = 0, index = 0; at < bytes.length; at += record, index++, item++) {
      if (coarse > 0) checkLabel(where, 'coarse labels', bytes[at] ?? 0, coarse, index);
      const pixels = at + record - PIXELS;
      const label = bytes[pixels - 1] ?? 0;
      checkLabel(where, coarse > 0 ? 'fine labels' : 'labels', label, labelled.length, index);
      labels[item] = label;
      images.set(bytes.subarray(pixels, pixels + PIXELS), item * PIXELS);
    }
  }
  return memoryDataset({ name, images, labels, channels: 3, height: SIDE, width: SIDE, classes: labelled });
}

/** Number of images in a file; DataError if its length cannot be right. */
function countOf(where: string, bytes: Uint8Array, record: number, kind: CifarName): number {
  if (bytes.length === 0) throw new DataError(`${where}: expected at least one image, got an empty file`);
  const over = bytes.length % record;
  if (over === 0) return bytes.length / record;
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b ? '; is it a gzip file that must be unpacked?' : '';
  throw new DataError(
    `${where}: expected a multiple of ${record} bytes (the images of ${kind}), got ${bytes.length}: ` +
      `${over} bytes are left over, the file is cut off or of another kind${packed}`,
  );
}

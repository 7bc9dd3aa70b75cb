import { DataError } from '../errors.js';
import type { MemoryDataset } from './dataset.js';
import { memoryDataset } from './memory-dataset.js';
import { parseIdxImages, parseIdxLabels } from './idx.js';

/** The data sets that EMNIST is published as. */
export type EmnistName = 'balanced' | 'byclass' | 'bymerge' | 'digits' | 'letters' | 'mnist';

const digits = Array.from('0123456789');
const upper = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
const lower = upper.map((letter) => letter.toLowerCase());
// Letters whose two cases look alike are one class, written in upper case.
const merged = [...digits, ...upper, ...Array.from('abdefghnqrt')];

/**
 * Label of each class index, from the published mappings (`emnist-letters-mapping.txt` and so on: a label, and the codes
 * of its characters, of which the first is taken).
 *
 * @see https://www.nist.gov/itl/products-and-services/emnist-dataset
 */
export const emnistClasses: Readonly<Record<EmnistName, readonly string[]>> = {
  balanced: merged,
  byclass: [...digits, ...upper, ...lower],
  bymerge: merged,
  digits,
  letters: upper,
  mnist: digits,
};

export const emnistNames = Object.keys(emnistClasses) as readonly EmnistName[];

/** The set of a name such as `emnist-letters`; undefined for others. */
export function emnistNamed(name: string): EmnistName | undefined {
  return emnistNames.find((set) => name === `emnist-${set}`);
}

/** One half of an EMNIST set, as its files. */
export interface EmnistSource {
  readonly set: EmnistName;
  /** What the data set is to be called, e.g. `emnist-letters/train`. */
  readonly name: string;
  /** Bytes of the images file, uncompressed. */
  readonly images: Uint8Array;
  /** Bytes of the labels file, uncompressed. */
  readonly labels: Uint8Array;
  readonly imagesWhere: string;
  readonly labelsWhere: string;
  /** Label of each class index; the published ones unless given. */
  readonly classes?: readonly string[];
}

/**
 * Joins the two IDX files of one half: pictures are put upright, as EMNIST stores them transposed, and the labels of
 * `letters`, which begin with 1, begin with 0.
 *
 * @returns Pixels 0..255, [count, 1, height, width]; a copy.
 * @throws DataError as `datasetFromIdx`.
 * @see https://arxiv.org/abs/1702.05373 (Cohen, Afshar, Tapson, van Schaik)
 */
export function datasetFromEmnist(source: EmnistSource): MemoryDataset {
  const { set, name, imagesWhere, labelsWhere, classes = emnistClasses[set] } = source;
  const stored = parseIdxImages(source.images, imagesWhere);
  const first = set === 'letters' ? 1 : 0;
  const numbers = parseIdxLabels(source.labels, labelsWhere, classes.length + first);
  if (numbers.length !== stored.count) {
    throw new DataError(
      `${labelsWhere}: expected ${stored.count} labels, one for each image of ${imagesWhere}, got ${numbers.length}`,
    );
  }
  const before = numbers.findIndex((label) => label < first);
  if (before >= 0) {
    throw new DataError(
      `${labelsWhere}: expected labels from ${first} on, as in emnist-${set}, got ${numbers[before] ?? 0} at index ${before}`,
    );
  }
  const [height, width] = [stored.width, stored.height];
  const images = transposed(stored.images, stored.count, height, width);
  const labels = numbers.map((label) => label - first);
  return memoryDataset({ name, images, labels, channels: 1, height, width, classes });
}

/** Pixel (row, column) of each picture is stored at (column, row). */
function transposed(stored: Uint8Array, count: number, height: number, width: number): Uint8Array {
  const images = new Uint8Array(stored.length);
  for (let i = 0, to = 0; i < count; i++) {
    const from = i * height * width;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) images[to++] = stored[from + column * height + row] ?? 0;
    }
  }
  return images;
}

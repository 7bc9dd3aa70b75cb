import { DataError, OptionError } from '../errors.js';
import type { Dataset, DataSplit } from './dataset.js';

/**
 * The images of some classes only, in their old order; class i of the result is the i-th of `wanted`, which may be given
 * by index or by label. Takes one data set or both halves; the pixels are copied.
 *
 * @returns The same shape of images [count', channels, height, width], labels below `wanted.length`.
 * @throws OptionError if `wanted` is empty, names a class twice or one that the data do not have; DataError if no image
 *   is of these classes.
 * @example
 * const { train, test } = selectClasses(embeddedDigits(), [5, 6, 7, 8, 9]); // 5 -> 0, 6 -> 1, ...
 * const pets = selectClasses(cifar10, ['cat', 'dog']);
 */
export function selectClasses(data: Dataset, wanted: readonly (number | string)[]): Dataset;
export function selectClasses(data: DataSplit, wanted: readonly (number | string)[]): DataSplit;
export function selectClasses(
  data: Dataset | DataSplit,
  wanted: readonly (number | string)[],
): Dataset | DataSplit {
  return 'train' in data
    ? { train: select(data.train, wanted), test: select(data.test, wanted) }
    : select(data, wanted);
}

function select(set: Dataset, wanted: readonly (number | string)[]): Dataset {
  const { name, images, labels, channels, height, width } = set;
  const indices = wanted.map((each) => indexOf(set, each));
  if (indices.length === 0) throw new OptionError(`classes of ${name}: expected at least one, got none`);
  const twice = indices.findIndex((index, i) => indices.indexOf(index) !== i);
  if (twice >= 0) {
    throw new OptionError(`classes of ${name}: expected each once, got ${String(wanted[twice])} twice`);
  }
  const taken = Array.from(labels.keys()).filter((item) => indices.includes(labels[item] ?? NaN));
  const classes = indices.map((index) => set.classes[index] ?? String(index));
  if (taken.length === 0) {
    throw new DataError(`data set ${name}: expected images of ${classes.join(', ')}, but it has none`);
  }
  const size = channels * height * width;
  const chosen = new Uint8Array(taken.length * size);
  taken.forEach((item, i) => {
    chosen.set(images.subarray(item * size, (item + 1) * size), i * size);
  });
  return {
    ...set,
    name: `${name}[${classes.join(',')}]`,
    images: chosen,
    labels: Uint8Array.from(taken, (item) => indices.indexOf(labels[item] ?? NaN)),
    count: taken.length,
    classes,
  };
}

function indexOf({ name, classes }: Dataset, wanted: number | string): number {
  const index = typeof wanted === 'number' ? wanted : classes.indexOf(wanted);
  if (Number.isInteger(index) && index >= 0 && index < classes.length) return index;
  throw new OptionError(
    `classes of ${name}: expected indices below ${classes.length} or labels (${classes.join(', ')}), got ${wanted}`,
  );
}

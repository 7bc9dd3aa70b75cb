import { DataError, OptionError } from '../errors.js';
import type { Dataset, DataSplit } from './dataset.js';
import { viewOf } from './view.js';

/**
 * The images of some classes only, in their old order; class i of the result is the i-th of `wanted`, which may be given
 * by index or by label. Takes one data set or all parts; pixels are read from the given one.
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
  if (!('train' in data)) return select(data, wanted);
  const { train, test, final } = data;
  return {
    train: select(train, wanted),
    test: select(test, wanted),
    ...(final && { final: select(final, wanted) }),
  };
}

function select(set: Dataset, wanted: readonly (number | string)[]): Dataset {
  const { name, labels } = set;
  const indices = wanted.map((each) => indexOf(set, each));
  if (indices.length === 0) throw new OptionError(`classes of ${name}: expected at least one, got none`);
  const twice = indices.findIndex((index, i) => indices.indexOf(index) !== i);
  if (twice >= 0) {
    throw new OptionError(`classes of ${name}: expected each once, got ${String(wanted[twice])} twice`);
  }
  if (labels === undefined) {
    throw new OptionError(
      `data set ${name}: expected one with its labels known (the member labels), to choose by them`,
    );
  }
  const places = new Map(indices.map((index, i) => [index, i]));
  const taken = Int32Array.from(labels.keys()).filter((item) => places.has(labels[item] ?? -1));
  const classes = indices.map((index) => set.classes[index] ?? String(index));
  if (taken.length === 0) {
    throw new DataError(`data set ${name}: expected images of ${classes.join(', ')}, but it has none`);
  }
  return viewOf(set, {
    ...{ name: `${name}[${classes.join(',')}]`, classes, items: taken },
    labels: taken.map((item) => places.get(labels[item] ?? -1) ?? 0),
  });
}

function indexOf({ name, classes }: Dataset, wanted: number | string): number {
  const index = typeof wanted === 'number' ? wanted : classes.indexOf(wanted);
  if (Number.isInteger(index) && index >= 0 && index < classes.length) return index;
  throw new OptionError(
    `classes of ${name}: expected indices below ${classes.length} or labels (${classes.join(', ')}), got ${wanted}`,
  );
}

import { repeatedName } from '../checks.js';
import { DataError } from '../errors.js';
import { isInMemory, type Dataset, type DataSplit } from './dataset.js';

/**
 * Checks what a data set says of itself; what it reads is checked with each batch.
 *
 * @throws DataError if count or a side is not a positive integer, `read` is no function, there are no classes or a class is
 *   named twice, the known labels are not `count` or one is out of range, or pixels in memory do not have this shape.
 * @example
 * checkDataset({ name: 'mine', count: 2, shape: [3, 32, 32], classes: ['cat', 'dog'], read });
 */
export function checkDataset(dataset: Dataset): void {
  const { name, count, classes, labels, read } = dataset as Partial<Dataset>;
  const [channels, height, width] = (dataset.shape as Dataset['shape'] | undefined) ?? [];
  const where = `data set ${String(name)}`;
  if (typeof read !== 'function' || classes === undefined) {
    throw new DataError(
      `${where}: expected a data set with count, shape, classes and read; pixels and labels become one by memoryDataset`,
    );
  }
  for (const [what, size] of Object.entries({ count, channels, height, width })) {
    if (size === undefined || !Number.isSafeInteger(size) || size < 1) {
      throw new DataError(`${where}: expected ${what} to be a positive integer, got ${String(size)}`);
    }
  }
  checkClasses(where, classes);
  if (labels === undefined) return;
  if (labels.length !== count) {
    throw new DataError(`${where}: expected ${String(count)} labels, got ${labels.length}`);
  }
  checkLabels(where, labels, classes.length);
  if (!isInMemory(dataset)) return;
  const dimensions = [dataset.count, ...dataset.shape];
  const pixels = dimensions.reduce((product, size) => product * size, 1);
  if (dataset.images.length !== pixels) {
    throw new DataError(
      `${where}: expected ${pixels} pixels ([${dimensions.join(', ')}]), got ${dataset.images.length}`,
    );
  }
}

/** Throws DataError where there are no classes, or one is named twice. */
export function checkClasses(where: string, classes: readonly string[]): void {
  if (classes.length === 0) throw new DataError(`${where}: expected at least one class, got none`);
  const twice = repeatedName(classes);
  if (twice !== undefined) {
    throw new DataError(`${where}: expected classes of different names, got '${twice}' twice`);
  }
}

/** Throws DataError for a label that is not below the number of classes. */
export function checkLabels(where: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) checkLabel(where, 'labels', labels[i] ?? 0, classes, i);
}

/** The same for the label of the image `index`. */
export function checkLabel(where: string, what: string, label: number, classes: number, index: number): void {
  if (Number.isInteger(label) && label >= 0 && label < classes) return;
  throw new DataError(
    `${where}: expected ${what} below ${classes} (the number of classes), got ${label} at index ${index}`,
  );
}

/**
 * Checks all parts, and that they have the same shape and the same classes.
 *
 * @throws DataError as `checkDataset`, and if shape or classes differ.
 * @example
 * checkSplit({ train, test });
 */
export function checkSplit({ train, test, final }: DataSplit): void {
  checkDataset(train);
  for (const part of final === undefined ? [test] : [test, final]) checkSame(train, part);
}

function checkSame(train: Dataset, part: Dataset): void {
  checkDataset(part);
  const shape = (set: Dataset): string => set.shape.join('x');
  if (shape(part) !== shape(train)) {
    throw new DataError(
      `data set ${part.name}: expected images of ${shape(train)}, as in ${train.name}, got ${shape(part)}`,
    );
  }
  if (part.classes.join('\n') !== train.classes.join('\n')) {
    throw new DataError(
      `data set ${part.name}: expected the classes of ${train.name} (${train.classes.join(', ')}), ` +
        `got ${part.classes.join(', ')}`,
    );
  }
}

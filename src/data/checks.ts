import { repeatedName } from '../checks.js';
import { DataError } from '../errors.js';
import type { Dataset, DataSplit } from './dataset.js';

/**
 * Checks that a data set agrees with itself; for data sets made by hand.
 *
 * @throws DataError if count, channels, height or width is not a positive integer, the pixels are not
 *   count * channels * height * width, the labels are not `count`, there are no classes or two of the same name, or a label is out
 *   of range.
 * @example
 * checkDataset({ name: 'mine', images, labels, count: 2, channels: 3, height: 32, width: 32, classes: ['cat', 'dog'] });
 */
export function checkDataset(dataset: Dataset): void {
  const { name, images, labels, count, channels, height, width, classes } = dataset;
  for (const [what, size] of Object.entries({ count, channels, height, width })) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new DataError(`data set ${name}: expected ${what} to be a positive integer, got ${size}`);
    }
  }
  const pixels = count * channels * height * width;
  if (images.length !== pixels) {
    throw new DataError(
      `data set ${name}: expected ${pixels} pixels ([${count}, ${channels}, ${height}, ${width}]), got ${images.length}`,
    );
  }
  if (labels.length !== count) {
    throw new DataError(`data set ${name}: expected ${count} labels, got ${labels.length}`);
  }
  if (classes.length === 0) throw new DataError(`data set ${name}: expected at least one class, got none`);
  const twice = repeatedName(classes);
  if (twice !== undefined) {
    throw new DataError(`data set ${name}: expected classes of different names, got '${twice}' twice`);
  }
  checkLabels(`data set ${name}`, labels, classes.length);
}

/** Throws DataError for a label that is not below the number of classes. */
export function checkLabels(where: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) checkLabel(where, 'labels', labels[i] ?? 0, classes, i);
}

/** The same for the label of the image `index`. */
export function checkLabel(where: string, what: string, label: number, classes: number, index: number): void {
  if (label < classes) return;
  throw new DataError(
    `${where}: expected ${what} below ${classes} (the number of classes), got ${label} at index ${index}`,
  );
}

/**
 * Checks both halves, and that they have the same shape and the same classes.
 *
 * @throws DataError as `checkDataset`, and if channels, height, width or classes differ.
 * @example
 * checkSplit({ train, test });
 */
export function checkSplit({ train, test }: DataSplit): void {
  checkDataset(train);
  checkDataset(test);
  const shape = ({ channels, height, width }: Dataset): string => `${channels}x${height}x${width}`;
  if (shape(test) !== shape(train)) {
    throw new DataError(
      `data set ${test.name}: expected images of ${shape(train)}, as in ${train.name}, got ${shape(test)}`,
    );
  }
  if (test.classes.join('\n') !== train.classes.join('\n')) {
    throw new DataError(
      `data set ${test.name}: expected the classes of ${train.name} (${train.classes.join(', ')}), ` +
        `got ${test.classes.join(', ')}`,
    );
  }
}

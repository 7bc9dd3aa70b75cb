import { DataError } from '../errors.js';
import { checkDataset, checkLabels } from './checks.js';
import type { MemoryDataset, ReadBuffers } from './dataset.js';

/** Pixels and labels in memory, and what they are. */
export interface MemorySource {
  /** What the data set is called in reports. */
  readonly name: string;
  /** Pixels 0..255, [count, channels, height, width]; kept, not copied. */
  readonly images: Uint8Array;
  /** Class index of each image, whole numbers from 0; copied unless they are an Int32Array. */
  readonly labels: ArrayLike<number>;
  readonly channels: number;
  /** In pixels. */
  readonly height: number;
  /** In pixels. */
  readonly width: number;
  /** Label of each class index. */
  readonly classes: readonly string[];
}

/**
 * A data set of pixels in memory: as many images as there are labels.
 *
 * @throws DataError if channels, height or width is not a positive integer, the pixels are not count * channels * height
 *   * width, there is no label or no class, a class is named twice, a label is not below the number of classes, or the labels
 *   are of bytes, which have wrapped in silence, where there are more than 256 classes.
 * @example
 * const train = memoryDataset({ name: 'mine', images, labels, channels: 3, height: 32, width: 32, classes: ['cat', 'dog'] });
 */
export function memoryDataset(source: MemorySource): MemoryDataset {
  const { name, images, channels, height, width, classes } = source;
  checkRoom(name, source.labels, classes.length);
  checkLabels(`data set ${name}`, source.labels, classes.length);
  const labels = source.labels instanceof Int32Array ? source.labels : Int32Array.from(source.labels);
  const dataset: MemoryDataset = {
    ...{ name, images, labels, classes, count: labels.length, shape: [channels, height, width] },
    read: readMemory,
  };
  checkDataset(dataset);
  return dataset;
}

/** Throws DataError for labels whose kind of number is too small for the classes: what was put in them has wrapped. */
function checkRoom(name: string, labels: ArrayLike<number>, classes: number): void {
  const kinds = { Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array };
  const found = Object.entries(kinds).find(([, kind]) => labels instanceof kind);
  if (found === undefined) return;
  const [kind, { BYTES_PER_ELEMENT }] = found;
  const room = 2 ** (8 * BYTES_PER_ELEMENT - (kind.startsWith('I') ? 1 : 0));
  if (classes <= room) return;
  throw new DataError(
    `data set ${name}: expected labels in an Int32Array for ${classes} classes, got a ${kind}, which holds 0 to ${room - 1}`,
  );
}

/** Reads what the object at hand has, so that a copy of a data set with other pixels or labels reads these. */
function readMemory(this: MemoryDataset, indices: ArrayLike<number>, into: ReadBuffers): void {
  const { images, labels, shape } = this;
  const size = shape[0] * shape[1] * shape[2];
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] ?? 0;
    into.labels[i] = labels[index] ?? 0;
    into.pixels.set(images.subarray(index * size, (index + 1) * size), i * size);
  }
}

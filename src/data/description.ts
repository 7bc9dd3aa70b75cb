import { isInMemory, type Dataset, type MemoryDataset } from './dataset.js';
import { memoryDataset } from './memory-dataset.js';
import {
  descriptionOf,
  isPictureDataset,
  pictureSet,
  type PictureDecoder,
  type PictureSetDescription,
} from './pictures/picture-set.js';

/** A data set in memory, in plain data. */
export interface MemoryDescription {
  readonly kind: 'memory';
  readonly name: string;
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly classes: readonly string[];
}

/** A data set in plain data, by which another thread can open it. */
export type DatasetDescription =
  MemoryDescription | { readonly kind: 'pictures'; readonly description: PictureSetDescription };

/**
 * What another thread opens the same data set by; pixels and labels are those of the data set. Undefined for a data set of
 * the caller's own, whose functions no other thread can be sent.
 */
export function describeDataset(dataset: Dataset): DatasetDescription | undefined {
  if (isPictureDataset(dataset)) return { kind: 'pictures', description: descriptionOf(dataset) };
  if (!isInMemory(dataset)) return undefined;
  const { name, images, labels, shape, classes } = dataset;
  return { kind: 'memory', name, images, labels, shape, classes };
}

/** The data set of a description. */
export function openDescription(description: DatasetDescription, decoder: PictureDecoder): Dataset {
  if (description.kind === 'pictures') return pictureSet(description.description, decoder);
  return openMemory(description);
}

/** The data set in memory of a description. */
export function openMemory(description: MemoryDescription): MemoryDataset {
  const [channels, height, width] = description.shape;
  return memoryDataset({ ...description, channels, height, width });
}

import { memoryDataset } from './memory-dataset.js';
import { isInMemory, type Dataset } from './dataset.js';
import { nodeDecoder } from './pictures/decoder-node.js';
import {
  descriptionOf,
  isPictureDataset,
  pictureSet,
  type PictureSetDescription,
} from './pictures/picture-set.js';

/** A data set in plain data and shared memory, by which another thread can open it. */
export type SharedDataset =
  | {
      readonly kind: 'memory';
      readonly name: string;
      readonly images: Uint8Array;
      readonly labels: Int32Array;
      readonly shape: readonly [number, number, number];
      readonly classes: readonly string[];
    }
  | { readonly kind: 'pictures'; readonly description: PictureSetDescription };

/**
 * What another thread opens the same data set by. Pixels and labels that lie in SharedArrayBuffers stay where they are,
 * others are copied once. Undefined for a data set of the caller's own, whose functions no other thread can be sent.
 *
 * @example
 * const worker = new Worker(script, { workerData: shareDataset(train) });
 */
export function shareDataset(dataset: Dataset): SharedDataset | undefined {
  if (isPictureDataset(dataset)) return { kind: 'pictures', description: descriptionOf(dataset) };
  if (!isInMemory(dataset)) return undefined;
  const { name, images, labels, shape, classes } = dataset;
  return {
    ...{ kind: 'memory', name, shape, classes: [...classes] },
    images: new Uint8Array(shareBytes(images), sharedOffset(images), images.length),
    labels: new Int32Array(shareBytes(labels), sharedOffset(labels), labels.length),
  };
}

/** The data set of another thread. */
export function openShared(dataset: SharedDataset): Dataset {
  if (dataset.kind === 'pictures') return pictureSet(dataset.description, nodeDecoder);
  const [channels, height, width] = dataset.shape;
  return memoryDataset({ ...dataset, channels, height, width });
}

function sharedOffset({ buffer, byteOffset }: ArrayBufferView): number {
  return buffer instanceof SharedArrayBuffer ? byteOffset : 0;
}

function shareBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): SharedArrayBuffer {
  if (buffer instanceof SharedArrayBuffer) return buffer;
  const copy = new SharedArrayBuffer(byteLength);
  new Uint8Array(copy).set(new Uint8Array(buffer, byteOffset, byteLength));
  return copy;
}

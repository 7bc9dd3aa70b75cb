import type { Dataset } from './dataset.js';
import { describeDataset, openDescription, openMemory, type DatasetDescription } from './description.js';

/**
 * What another thread opens the same data set by. Pixels and labels that lie in SharedArrayBuffers stay where they are,
 * others are copied once. Undefined for a data set of the caller's own, whose functions no other thread can be sent.
 *
 * @example
 * const worker = new Worker(script, { workerData: shareDataset(train) });
 */
export function shareDataset(dataset: Dataset): DatasetDescription | undefined {
  const description = describeDataset(dataset);
  if (description?.kind !== 'memory') return description;
  const { images, labels } = description;
  return {
    ...description,
    images: new Uint8Array(shareBytes(images), sharedOffset(images), images.length),
    labels: new Int32Array(shareBytes(labels), sharedOffset(labels), labels.length),
  };
}

/** The data set of another thread. */
export async function openShared(description: DatasetDescription): Promise<Dataset> {
  if (description.kind === 'memory') return openMemory(description);
  // The decoder's library takes longer to load than all the rest of a thread, and most threads need none.
  const { nodeDecoder } = await import('./pictures/decoder-node.js');
  return openDescription(description, nodeDecoder);
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

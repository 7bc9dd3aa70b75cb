import type { Dataset } from './dataset.js';

/**
 * The same data set in memory that threads share. Pixels and labels that lie in SharedArrayBuffers stay where they are,
 * others are copied once: a byte for each pixel and label.
 *
 * @example
 * const worker = new Worker(script, { workerData: shareDataset(train) });
 */
export function shareDataset(dataset: Dataset): Dataset {
  const { name, images, labels, count, channels, height, width, classes } = dataset;
  return {
    ...{ name, count, channels, height, width, classes: [...classes] },
    images: shareBytes(images),
    labels: shareBytes(labels),
  };
}

function shareBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  shared.set(bytes);
  return shared;
}

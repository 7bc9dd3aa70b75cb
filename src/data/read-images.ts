import type { Dataset } from './dataset.js';

/** An image as evaluation sees it, and its class. */
export interface LabelledImage {
  /** 0 to 255, [channels, height, width]; memory of its own. */
  readonly pixels: Uint8Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Class index. */
  readonly label: number;
}

/**
 * Some images of a data set, one by one.
 *
 * @param indices - Which images, each below `count`; in this order.
 * @throws DataError for an image that cannot be read.
 * @example
 * const [first] = await readImages(test, [0]);
 * const { label } = await classifier.predict(first);
 */
export async function readImages(
  dataset: Dataset,
  indices: ArrayLike<number>,
): Promise<readonly LabelledImage[]> {
  const [channels, height, width] = dataset.shape;
  const size = channels * height * width;
  const pixels = new Uint8Array(indices.length * size);
  const labels = new Int32Array(indices.length);
  await dataset.read(indices, { pixels, labels });
  return Array.from(labels, (label, i) => ({
    ...{ pixels: pixels.slice(i * size, (i + 1) * size), channels, height, width, label },
  }));
}

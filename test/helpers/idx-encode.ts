import { DataError } from '../../src/errors.js';
import type { MemoryDataset } from '../../src/data/index.js';

/**
 * Writes images as an IDX file (magic 0x803), the inverse of `parseIdxImages`.
 *
 * @param images - Pixels 0..255, [count, 1, height, width].
 * @returns The bytes of the file, uncompressed: a header of 16 bytes and the pixels.
 * @throws DataError if the number of pixels is not count * height * width (e.g. more than one channel).
 * @see http://yann.lecun.com/exdb/mnist/ (the IDX file format)
 * @example
 * await writeFile('train-images-idx3-ubyte', encodeIdxImages(embeddedDigits().train));
 */
export function encodeIdxImages({
  count,
  shape: [, height, width],
  images,
}: Pick<MemoryDataset, 'count' | 'shape' | 'images'>): Uint8Array {
  if (images.length !== count * height * width) {
    throw new DataError(
      `IDX images: expected ${count * height * width} pixels (${count} images of ${height}x${width}, one channel), ` +
        `got ${images.length}`,
    );
  }
  return encode([count, height, width], images);
}

/**
 * Writes labels as an IDX file (magic 0x801), the inverse of `parseIdxLabels`.
 *
 * @param labels - Class indices below 256, [count].
 * @returns The bytes of the file, uncompressed: a header of 8 bytes and the labels.
 * @see http://yann.lecun.com/exdb/mnist/ (the IDX file format)
 * @example
 * await writeFile('train-labels-idx1-ubyte', encodeIdxLabels(embeddedDigits().train.labels));
 */
export function encodeIdxLabels(labels: ArrayLike<number>): Uint8Array {
  return encode([labels.length], labels);
}

function encode(dimensions: readonly number[], data: ArrayLike<number>): Uint8Array {
  const header = 4 + 4 * dimensions.length;
  const bytes = new Uint8Array(header + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x800 + dimensions.length);
  dimensions.forEach((dimension, i) => {
    view.setUint32(4 + 4 * i, dimension);
  });
  bytes.set(data, header);
  return bytes;
}

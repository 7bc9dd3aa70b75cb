import type { Network } from './types.js';
import { OptionError } from '../errors.js';
import type { Tensors } from './session.js';

/** Images [size,C,H,W] and class indices [size]. */
export interface LabelledBatch {
  /** [size, C, H, W], normalised. */
  readonly images: Float32Array;
  /** Class indices, [size]. */
  readonly labels: Int32Array;
  /** Images in the batch. */
  readonly size: number;
}

/** A batch as the models take it. Throws OptionError for one of other sizes than the network's. */
export function batchTensors(
  { input: [channels, height, width] }: Network,
  { images, labels, size }: LabelledBatch,
): Tensors {
  if (images.length !== size * channels * height * width || labels.length !== size) {
    throw new OptionError(
      `batch: expected ${size} images ${channels}x${height}x${width} and ${size} labels, ` +
        `got ${images.length} pixels and ${labels.length} labels`,
    );
  }
  return {
    input: { dtype: 'float32', shape: [size, channels, height, width], data: images },
    target: { dtype: 'int32', shape: [size], data: labels },
  };
}

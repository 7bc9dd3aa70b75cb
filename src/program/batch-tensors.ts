import type { Network } from './types.js';
import { OptionError } from '../errors.js';
import type { Tensors } from './session.js';

/** Images [size,C,H,W], class indices [size] and perhaps probabilities of the classes [size,classes]. */
export interface LabelledBatch {
  /** [size, C, H, W], normalised. */
  readonly images: Float32Array;
  /** Class indices, [size]. */
  readonly labels: Int32Array;
  /** Probabilities of the classes, [size, classes], which the loss of a program with `softTargets` is of. */
  readonly targets?: Float32Array;
  /** Images in the batch. */
  readonly size: number;
}

/**
 * A batch as the models take it. Throws OptionError for one of other sizes than the network's.
 *
 * @param withTargets - Whether the model takes `targets`: one that does not would train on the labels in silence.
 */
export function batchTensors(
  { input: [channels, height, width], classes }: Network,
  { images, labels, targets, size }: LabelledBatch,
  withTargets = false,
): Tensors {
  if (images.length !== size * channels * height * width || labels.length !== size) {
    throw new OptionError(
      `batch: expected ${size} images ${channels}x${height}x${width} and ${size} labels, ` +
        `got ${images.length} pixels and ${labels.length} labels`,
    );
  }
  const numbers = withTargets ? size * classes : undefined;
  if (targets?.length !== numbers) {
    const expected =
      numbers === undefined
        ? 'no targets, for the model has labels'
        : `${numbers} targets, ${classes} an image`;
    throw new OptionError(`batch: expected ${expected}, got ${targets?.length ?? 'none'}`);
  }
  return {
    input: { dtype: 'float32', shape: [size, channels, height, width], data: images },
    target: { dtype: 'int32', shape: [size], data: labels },
    ...(targets && { targets: { dtype: 'float32', shape: [size, classes], data: targets } }),
  };
}

import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { checkOption, checkPositive, checkWhole } from '../checks.js';
import { assert, OptionError } from '../errors.js';
import { symmetricBeta } from './beta.js';
import {
  boxAround,
  mixImages,
  mixLabels,
  type ImageShape,
  type Mix,
  type MixableBatch,
} from './mix-images.js';
import { randomStream, type BatchStream } from './random.js';

/**
 * How the images of a batch are mixed with one another, each with the one before it in the batch and the first with the last,
 * as torchvision's `MixUp` and `CutMix` do; where both are given, one of them for each batch, with equal chances.
 *
 * @see https://docs.pytorch.org/vision/stable/auto_examples/transforms/plot_cutmix_mixup.html
 * @example
 * const mix: BatchMixing = { mixup: 0.2, cutmix: 1, classes: 10 };
 */
export interface BatchMixing {
  /**
   * x = lambda x + (1 - lambda) before, with one lambda for the batch from Beta(mixup, mixup): small numbers leave most batches
   * nearly as they were or nearly replaced, with 1 all lambdas are equally likely. Above 0.
   *
   * @see https://arxiv.org/abs/1710.09412
   */
  readonly mixup?: number;
  /**
   * A box of each image is that of the one before; its share of the image is 1 - lambda, with lambda from Beta(cutmix, cutmix),
   * and less where it reaches over the border. Above 0.
   *
   * @see https://arxiv.org/abs/1905.04899
   */
  readonly cutmix?: number;
  /** How many classes the network tells apart. */
  readonly classes: number;
}

/**
 * Mixes the images of a batch in place and gives the probabilities of their classes: lambda for an image's own label, 1 - lambda
 * for that of the one mixed with it. What comes of it depends on the batch and its stream alone, bit for bit on every platform
 * but for one lambda in 10^8. A batch of one image stays as it is.
 *
 * @param shape - Of an image.
 * @param stream - The run's seed, the epoch, and which batch of the epoch it is.
 * @param out - Memory to write the probabilities to, e.g. that of the batch before; fresh memory unless given.
 * @returns Probabilities [size, classes], a view of `out` if given.
 * @throws OptionError for mixup or cutmix that is not above 0, neither of them, labels that are none of the classes, a batch that
 *   is not as large as it says, and for `out` that is too small.
 * @example
 * const targets = mixBatch(batch, { mixup: 0.2, classes: 10 }, [3, 32, 32], { seed: 0, epoch: 1, batch: batch.index });
 * await trainer.step({ ...batch, targets }, 1e-3); // a trainer with softTargets
 */
export function mixBatch(
  batch: MixableBatch,
  mixing: BatchMixing,
  shape: ImageShape,
  stream: BatchStream,
  out?: Float32Array,
): Float32Array {
  const { images, labels, size } = batch;
  const { classes } = mixing;
  const pixels = size * shape[0] * shape[1] * shape[2];
  const needed = size * classes;
  checkMixing(mixing);
  checkOption('images', images.length, images.length === pixels, `${pixels} numbers`);
  checkOption('labels', labels.length, labels.length === size, `${size} of them`);
  const wrong = labels.find((label) => label < 0 || label >= classes);
  checkOption('labels', wrong, wrong === undefined, `whole numbers from 0 to ${classes - 1}`);
  if (out) checkOption('out', out.length, out.length >= needed, `at least ${needed} elements`);
  const targets = out === undefined ? new Float32Array(needed) : out.subarray(0, needed);
  const mix = size === 1 ? { lambda: 1 } : drawMix(mixing, shape, stream);
  mixLabels(targets, labels, classes, mix.lambda);
  if (size > 1) mixImages(batch, mix, shape);
  return targets;
}

/**
 * Batches with their images mixed and `targets`; those that have targets were mixed where they were made, perhaps on another
 * thread, and stay as they are. All targets share one memory, so that each is overwritten by the next.
 */
export async function* mixedBatches<
  T extends MixableBatch & { readonly index: number; readonly targets?: Float32Array },
>(
  batches: Iterable<T> | AsyncIterable<T>,
  mixing: BatchMixing,
  shape: ImageShape,
  { seed, epoch }: Omit<BatchStream, 'batch'>,
): AsyncGenerator<T & { readonly targets: Float32Array }> {
  let memory = new Float32Array(0);
  for await (const batch of batches) {
    const needed = batch.size * mixing.classes;
    if (batch.targets === undefined && memory.length < needed) memory = new Float32Array(needed);
    const stream = { seed, epoch, batch: batch.index };
    yield { ...batch, targets: batch.targets ?? mixBatch(batch, mixing, shape, stream, memory) };
  }
}

/** Throws OptionError unless there is one of them, and each is above 0. */
function checkMixing({ mixup, cutmix, classes }: BatchMixing): void {
  if (mixup === undefined && cutmix === undefined) {
    throw new OptionError('mix: expected mixup, cutmix or both, got neither');
  }
  if (mixup !== undefined) checkPositive('mixup', mixup);
  if (cutmix !== undefined) checkPositive('cutmix', cutmix);
  checkWhole('mix.classes', classes, 1);
}

function drawMix({ mixup, cutmix }: BatchMixing, shape: ImageShape, stream: BatchStream): Mix {
  const [, height, width] = shape;
  const random = randomStream(stream);
  // Drawn first and always, so that lambda does not depend on whether there is a choice.
  const side = uniformInt(random, 0, 1);
  if (mixup !== undefined && (cutmix === undefined || side === 0)) {
    return { lambda: symmetricBeta(mixup, random) };
  }
  assert(cutmix !== undefined, 'a mixing of neither kind');
  const lambda = symmetricBeta(cutmix, random);
  const centre = [uniformInt(random, 0, width - 1), uniformInt(random, 0, height - 1)] as const;
  return boxAround(lambda, centre, shape);
}

import { checkOption } from '../checks.js';
import { checkAugmentation, type Augmentation } from './augment.js';
import type { Dataset } from './dataset.js';
import type { Picture } from './picture.js';
import { isPictureDataset, preprocessingOf } from './pictures/picture-set.js';
import type { Stream } from './random.js';
import { augmentPolicies, transformer, type AugmentPolicy, type Transform } from './transforms/index.js';

/**
 * Random changes of each training image: the name of a policy, the transforms themselves, or CIFAR's pad, crop and flip.
 * They are drawn from (seed, epoch, index of the image in its data set) alone.
 */
export type Augment = AugmentPolicy | readonly Transform[] | Augmentation;

/** How images are changed, and from which random numbers. */
export interface SeededAugmentation {
  readonly augment: Augment;
  /** 0 .. 2^53 - 1. */
  readonly seed: number;
  /** 0 .. 2^32 - 1. */
  readonly epoch: number;
}

/** An augmentation, ready for the images of a data set: of its two kinds one is there, or none where images stay as they are. */
export interface Augmenter {
  readonly place?: Augmentation;
  readonly change?: (picture: Picture, stream: Required<Pick<Stream, 'seed' | 'epoch' | 'index'>>) => Picture;
}

/** Throws OptionError for what is no augmentation, or does not fit images of this size. */
export function augmenter(augment: Augment, dataset: Dataset): Augmenter {
  const [, height, width] = dataset.shape;
  // As evaluation sees them, whatever that is.
  if (augment === 'none') return {};
  if (typeof augment === 'object' && !Array.isArray(augment)) {
    const place = augment as Augmentation;
    checkAugmentation(place, { height, width });
    return { place };
  }
  return {
    change: transformer(
      [
        ...transformsOf(augment as AugmentPolicy | readonly Transform[], [height, width]),
        ...(typeof augment === 'string' ? colourSteps(dataset) : []),
      ],
      'augment',
    ),
  };
}

/**
 * What evaluation does to the colours, which a policy does not know of: a network trained in colour would be shown grey, or the
 * negative of all that it was trained with.
 */
function colourSteps(dataset: Dataset): readonly Transform[] {
  if (!isPictureDataset(dataset)) return [];
  return preprocessingOf(dataset).transforms.filter(({ name }) => name === 'grayscale' || name === 'invert');
}

/** The transforms of a policy for images of this size, or the given ones. */
function transformsOf(
  augment: AugmentPolicy | readonly Transform[],
  size: readonly [height: number, width: number],
): readonly Transform[] {
  if (typeof augment !== 'string') return augment;
  const names = Object.keys(augmentPolicies);
  checkOption(
    'augment',
    augment,
    names.includes(augment),
    `one of ${names.join(', ')}, or a list of transforms`,
  );
  return augmentPolicies[augment](size);
}

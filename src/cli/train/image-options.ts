import {
  channelStatistics,
  checkNormalization,
  OptionError,
  type Augmentation,
  type Dataset,
  type Normalization,
} from '../../index.js';
import { grouped } from '../command.js';
import { flag, numbers, whole, type Values } from '../options.js';

/** What is done to the images: random changes in training, normalisation always. */
export const imageOptions = grouped('Images:', {
  randomCrop: {
    ...whole('pad each training image by so many black pixels and cut a random part of its size', 0),
    fallback: '0',
  },
  randomFlip: flag('mirror half of the training images left and right'),
  mean: numbers('subtracted from pixel / 255, a number for each channel, as 0.49,0.48,0.45'),
  std: numbers('divided by after that, a number for each channel, as 0.25,0.24,0.26'),
  normalize: flag('mean and std of the training images'),
});

type ImageArgs = Values<typeof imageOptions>;

/** The augmentation: the saved run's with what the command line changes; undefined for none. */
export function augmentFrom(
  { randomCrop, randomFlip }: ImageArgs,
  saved: Augmentation | undefined,
): Augmentation | undefined {
  const pad = randomCrop ?? saved?.pad ?? 0;
  const flip = randomFlip ?? saved?.flip ?? false;
  if (pad === 0 && !flip) return undefined;
  return { ...(pad > 0 && { pad, crop: true }), ...(flip && { flip }) };
}

/** The normalisation for the training images; undefined for pixel / 255. */
export function normalizationFrom(
  { mean, std, normalize }: ImageArgs,
  saved: Normalization | undefined,
  train: Dataset,
): Normalization | undefined {
  const given = mean === undefined ? (std === undefined ? undefined : '--std') : '--mean';
  if (normalize === true) {
    if (given !== undefined) {
      throw new OptionError(`--normalize and ${given}: expected one of them, got both`);
    }
    return channelStatistics(train);
  }
  if (given === undefined) return normalize === false ? undefined : saved;
  const normalization = { ...saved, ...(mean && { mean }), ...(std && { std }) };
  checkNormalization(normalization, train.channels);
  return normalization;
}

/** One line for people; undefined where pixels are divided by 255 and nothing else. */
export function describeImages(
  augment: Augmentation | undefined,
  normalization: Normalization | undefined,
): string | undefined {
  const list = (values: readonly number[]): string =>
    values.map((value) => Number(value.toPrecision(4))).join(', ');
  const parts = [
    augment?.pad === undefined ? '' : `cut at random, ${augment.pad} pixels around`,
    augment?.flip === true ? 'mirrored at random' : '',
    normalization?.mean === undefined ? '' : `mean ${list(normalization.mean)}`,
    normalization?.std === undefined ? '' : `std ${list(normalization.std)}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts.join(', ');
}

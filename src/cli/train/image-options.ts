import {
  augmentPolicies,
  channelStatistics,
  checkNormalization,
  describeTransforms,
  isPictureDataset,
  OptionError,
  type Augmentation,
  type Dataset,
  type Normalization,
  type OutputSize,
  type RunSpec,
} from '../../index.js';
import { defined } from '../../checks.js';
import { flag } from '../options.js';

/** Beside `--mean` and `--std`. */
export const normalizeOption = { normalize: flag('mean and std of the training images') };

const isCifar = (augment: object): augment is Augmentation => !Array.isArray(augment);

/** The augmentation, to which a pad belongs a crop unless told otherwise; undefined for none. */
export function augmentFrom(said: RunSpec['augment'] = {}): RunSpec['augment'] | undefined {
  if (typeof said === 'string' || !isCifar(said)) return said;
  const { pad, flip, crop, ...others } = said;
  const hasPad = pad !== undefined && pad !== 0;
  const fields: Augmentation = {
    ...others,
    // `--random-crop 0` takes back the crop of a file with its pad.
    ...(pad !== 0 && defined({ pad, crop: crop ?? (hasPad || undefined) })),
    ...(flip === true && { flip }),
  };
  return Object.keys(fields).length === 0 ? undefined : fields;
}

/** The normalisation for the training images; undefined for the data's own: pixel / 255 where they are no pictures. */
export async function normalizationFrom(
  args: Readonly<Record<string, unknown>>,
  said: Normalization | undefined,
  train: Dataset,
): Promise<Normalization | undefined> {
  const given = ['mean', 'std'].find((name) => args[name] !== undefined);
  const { normalize } = args;
  if (normalize === true) {
    if (given !== undefined) {
      throw new OptionError(`--normalize and --${given}: expected one of them, got both`);
    }
    return channelStatistics(train);
  }
  if (given === undefined && normalize === false) {
    // Pictures have a normalisation unless one is given that changes nothing.
    const each = (value: number): readonly number[] => new Array<number>(train.shape[0]).fill(value);
    return isPictureDataset(train) ? { mean: each(0), std: each(1) } : undefined;
  }
  if (said !== undefined) checkNormalization(said, train.shape[0]);
  return said;
}

function augmentParts(augment: RunSpec['augment'], size: OutputSize): readonly string[] {
  if (augment === undefined || augment === 'none') return [];
  if (typeof augment === 'string') {
    return [`${augment} augmentation: ${describeTransforms(augmentPolicies[augment](size))}`];
  }
  if (!isCifar(augment)) return [describeTransforms(augment)];
  return [
    augment.pad === undefined ? '' : `cut at random, ${augment.pad} pixels around`,
    augment.flip === true ? 'mirrored at random' : '',
  ];
}

/** One line for people; undefined where pixels are divided by 255 and nothing else. */
export function describeImages({
  augment,
  mixup,
  cutmix,
  normalization,
  imageSize = 224,
}: Pick<RunSpec, 'augment' | 'mixup' | 'cutmix' | 'normalization' | 'imageSize'>): string | undefined {
  const list = (values: readonly number[]): string =>
    values.map((value) => Number(value.toPrecision(4))).join(', ');
  const parts = [
    ...augmentParts(augment, typeof imageSize === 'number' ? [imageSize, imageSize] : imageSize),
    mixup === undefined ? '' : `mixup ${mixup}`,
    cutmix === undefined ? '' : `cutmix ${cutmix}`,
    normalization?.mean === undefined ? '' : `mean ${list(normalization.mean)}`,
    normalization?.std === undefined ? '' : `std ${list(normalization.std)}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts.join(', ');
}

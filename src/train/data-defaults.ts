import { cardIn } from '../artifacts/index.js';
import {
  channelStatistics,
  isPictureDataset,
  preprocessingOf,
  type DataSplit,
  type PictureDataset,
} from '../data/index.js';
import { OptionError } from '../errors.js';
import { recipeFor } from './recipes.js';
import type { NamedBytes, TrainOptions } from './run-types.js';
import { picturePreset } from './spec/pictures.js';
import type { Recipe, RunSpec } from './spec/run.js';

/** Mean and standard deviation of ImageNet's training images, which weights and recipes for colour pictures expect. */
const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** What the data and the weights say about a run, where its options do not. */
export interface DataDefaults {
  readonly recipe: Recipe;
  readonly spec: Partial<RunSpec>;
}

/**
 * The defaults that follow from the data of a run; `told` are its options.
 *
 * @throws OptionError for options of pictures where the data are none.
 */
export async function dataDefaults(
  told: Pick<
    TrainOptions,
    'preset' | 'network' | 'dataOptions' | 'preprocess' | 'background' | 'epochs' | 'normalization'
  >,
  { train, report }: DataSplit,
  init: NamedBytes | undefined,
): Promise<DataDefaults> {
  const { network, preset } = told;
  const family = network && 'family' in network ? network.family : undefined;
  if (!isPictureDataset(train)) {
    for (const name of ['preprocess', 'background'] as const) {
      if (told[name] === undefined) continue;
      throw new OptionError(
        `${name}: expected pictures that are decoded when they are read, got ${train.name}`,
      );
    }
    const recipe = recipeFor(preset ?? family, train.name.split('/')[0]);
    return { recipe: fitting(recipe, train.count), spec: {} };
  }
  const { shape, count, classes } = train;
  const [channels, height, width] = shape;
  const { transforms, background } = preprocessingOf(train);
  const drawn = report?.valSplit;
  return {
    recipe: fitting(
      recipeFor(undefined, undefined, { count, fineTunes: init !== undefined, epochs: told.epochs }),
      count,
    ),
    spec: {
      ...(network === undefined && { preset: preset ?? picturePreset }),
      ...{ classes: classes.length, channels, imageSize: [height, width] },
      ...{ augment: 'standard', preprocess: transforms, background },
      normalization: told.normalization ?? (await usualNormalization(train, init)),
      ...(drawn && {
        dataOptions: { ...told.dataOptions, valSplit: drawn.share, splitSeed: drawn.seed },
      }),
    },
  };
}

/** A default batch never exceeds the set, and leaves no single image to the last batch. */
function fitting(recipe: Recipe, count: number): Recipe {
  let batchSize = Math.min(recipe.batchSize, count);
  while (batchSize > 2 && count % batchSize === 1) batchSize -= 1;
  return { ...recipe, batchSize };
}

/** That of the weights, of ImageNet for colour, or the pictures' own, for which all of them are read. */
async function usualNormalization(
  train: PictureDataset,
  init: NamedBytes | undefined,
): Promise<NonNullable<RunSpec['normalization']>> {
  const ofWeights = cardNormalization(init);
  if (ofWeights !== undefined) return ofWeights;
  return train.shape[0] === 3 ? imageNet : channelStatistics(train);
}

/** What the weights were trained with, where their file says so. */
function cardNormalization(init: NamedBytes | undefined): RunSpec['normalization'] {
  if (init === undefined || !init.name.endsWith('.onnx')) return undefined;
  return cardIn(init.bytes, init.name)?.normalization;
}

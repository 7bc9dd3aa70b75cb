import {
  evalTransforms,
  isPictureDataset,
  OptionError,
  recipeFor,
  type DataSplit,
  type RunSpec,
} from '../../index.js';
import { defined } from '../../checks.js';
import { unnamedClasses } from '../../train/spec/class-names.js';
import { checkFields } from '../../train/spec/run.js';
import { grouped, type CommonValues } from '../command.js';
import { text, whole, type Values } from '../options.js';
import { schedulerOf, schedulerOptions } from '../scheduler-options.js';
import { allOptions, specFrom } from '../spec-flags.js';
import { augmentFrom, normalizationFrom, normalizeOption } from './image-options.js';

/** Options of `train`: the fields of a run, and those of this call alone. */
export const trainOptions = {
  ...allOptions,
  config: text('a run.json to train what it says; flags change it'),
  ...grouped('Run:', {
    resume: text('run folder or checkpoint to go on from, with the settings of that run'),
    logEvery: { ...whole('show every so many steps, 0 for none', 0), fallback: '100 with --json, else 0' },
    alsoTest: text(
      'data set to test the trained model on as well; for digits MNIST where it is at hand; or none',
    ),
  }),
  ...schedulerOptions,
  ...grouped('Images:', normalizeOption),
};

/** Their values. */
export type TrainArgs = Values<typeof trainOptions> & CommonValues;

/** A run as the command line gives it, before its data are known. */
export type Told = RunSpec & Required<Pick<RunSpec, 'data'>>;

/** A file, changed by the command line. */
export function specOf(args: TrainArgs, base: RunSpec = {}): Told {
  const { augment, ...said } = specFrom(args, withoutOther(args, base));
  checkFields(['normalization'], said);
  if (args['freshHead'] === true && said.init === undefined) {
    throw new OptionError('--fresh-head: it needs --init, got none');
  }
  // Before the data are opened, which takes its time; how long the run is may follow from them.
  if (args.scheduler !== undefined) {
    schedulerOf(args, base.scheduler ?? { name: 'constantLR', options: {} }, said.epochs ?? 2 ** 31);
  }
  return { data: 'digits', ...said, ...defined({ augment: augmentFrom(augment) }) };
}

/** The base without what the command line states in another way. */
function withoutOther(
  args: TrainArgs,
  { preset, network, dataOptions, preprocess, ...base }: RunSpec,
): RunSpec {
  const isOtherSize = args['imageSize'] !== undefined && isDefault(preprocess, base.imageSize);
  return {
    ...base,
    ...(preset !== undefined && args['network'] === undefined && { preset }),
    ...(network && args['preset'] === undefined && { network }),
    ...(dataOptions && (args['data'] === undefined ? { dataOptions } : anywhere(dataOptions))),
    ...(preprocess && !isOtherSize && { preprocess }),
  };
}

/**
 * How data are opened that are named anew, perhaps as their folder was moved: the same pictures are held out. Labels and sizes
 * belong to the data that they were given for.
 */
function anywhere({
  valSplit,
  splitSeed,
  skipBadImages,
  cache,
}: NonNullable<RunSpec['dataOptions']>): Pick<RunSpec, 'dataOptions'> {
  const kept = defined({ valSplit, splitSeed, skipBadImages, cache });
  return Object.keys(kept).length === 0 ? {} : { dataOptions: kept };
}

/** Whether this is what is done to pictures for images of this size unless told otherwise. */
function isDefault(preprocess: RunSpec['preprocess'], size: RunSpec['imageSize'] = 224): boolean {
  const sides = typeof size === 'number' ? ([size, size] as const) : size;
  return JSON.stringify(preprocess) === JSON.stringify(evalTransforms(sides));
}

/**
 * Labels for data that name none: those of the run that is changed, as its model has them, or as many indices as the
 * network has outputs.
 */
export function fallbackLabels(
  { network, classes }: Told,
  base: RunSpec | undefined,
): readonly string[] | undefined {
  const outputs = network?.classes ?? classes;
  const before = labelsIn(base, outputs);
  return before ?? unnamedClasses(outputs);
}

function labelsIn({ dataOptions }: RunSpec = {}, outputs: number | undefined): readonly string[] | undefined {
  const labels = dataOptions?.classes;
  if (labels === undefined || outputs === undefined) return labels;
  return outputs < labels.length ? undefined : unnamedClasses(outputs, labels);
}

/** The run, which keeps the labels of the one that is changed if its data took them. */
export function withLabels(told: Told, base: RunSpec | undefined, { train }: DataSplit): Told {
  const { dataOptions } = told;
  const labels = labelsIn(base, told.network?.classes ?? told.classes);
  if (dataOptions?.classes !== undefined || labels?.join('\n') !== train.classes.join('\n')) return told;
  return { ...told, dataOptions: { ...dataOptions, classes: labels } };
}

/** A run, ready to go. */
export type Settled = Told & Required<Pick<RunSpec, 'epochs' | 'scheduler' | 'classes'>>;

/** The run with the recipe, and with the data's shape, classes and normalisation where none were given. */
export async function fitToData(
  args: TrainArgs,
  told: Told,
  { train }: DataSplit,
  base: RunSpec = {},
): Promise<Settled> {
  const { normalization: said, classes, channels, imageSize, network, ...spec } = told;
  const { count, shape } = train;
  const facts = isPictureDataset(train) && { count, fineTunes: told.init !== undefined, epochs: told.epochs };
  const kind = network?.family ?? told.preset ?? 'mnist-cnn';
  const recipe = recipeFor(kind, told.data, facts === false ? undefined : facts);
  const epochs = told.epochs ?? recipe.epochs;
  const { name, options } = schedulerOf(args, base.scheduler ?? recipe.scheduler, epochs);
  const normalization = await normalizationFrom(args, said, train);
  const sizes = {
    classes: network?.classes ?? classes ?? train.classes.length,
    channels: network?.channels ?? channels ?? shape[0],
    imageSize: network?.imageSize ?? imageSize ?? ([shape[1], shape[2]] as const),
  };
  return {
    ...spec,
    ...sizes,
    ...{ epochs, scheduler: { name, options } as Settled['scheduler'] },
    ...(network && { network: { ...network, ...sizes } }),
    ...(normalization && { normalization }),
  };
}

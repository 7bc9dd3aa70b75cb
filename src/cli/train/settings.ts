import {
  freeze,
  OptionError,
  presetNetwork,
  recipeFor,
  schedulerFrom,
  type DataSplit,
  type NodeTrainOptions,
  type PresetOptions,
  type SessionOptions,
} from '../../index.js';
import { grouped } from '../command.js';
import { choice, device, flag, list, preset, text, whole, type Values } from '../options.js';
import { schedulerOf, schedulerOptions } from '../scheduler-options.js';
import {
  autotuneOption,
  dataHelp,
  dataOptions,
  foldOptions,
  lossOptions,
  networkOptions,
  optimizerFrom,
  optimizerOptions,
  presetOptionsFrom,
} from '../shared-options.js';
import { augmentFrom, imageOptions, normalizationFrom } from './image-options.js';
import type { SavedRun } from './run-folder.js';

/** Options of `train`. */
export const trainOptions = {
  preset: { ...preset, fallback: 'mnist-cnn' },
  data: { ...text(dataHelp), fallback: 'digits' },
  epochs: { ...whole('passes over the training images', 1), fallback: "the preset's recipe" },
  out: { ...text('folder for model, checkpoint and history'), fallback: 'runs/<preset>-<data>' },
  ...grouped('Run:', {
    resume: text('run folder or checkpoint to go on from, with the settings of that run'),
    maxSteps: whole('stop after so many steps in all', 1),
    logEvery: { ...whole('show every so many steps, 0 for none', 0), fallback: '100 with --json, else 0' },
    shuffle: { ...flag('another order of the images in each epoch'), fallback: "the preset's recipe" },
    seed: { ...whole('seed of the weights and of the shuffle', 0), fallback: '0' },
    batchSize: { ...whole('images in a batch', 1), fallback: "the preset's recipe" },
    device: { ...device, fallback: 'cpu' },
    target: choice("auto: the device's own form of the step, verified; portable: standard operators", [
      'auto',
      'portable',
    ] as const),
    autotune: autotuneOption,
    prefetch: {
      ...flag(
        'prepare the next batches on a thread of their own while a step runs; --no-prefetch between the steps',
      ),
      fallback: 'where a core is free',
    },
    threads: { ...whole('threads within an operator', 1), fallback: 'one for each core' },
    alsoTest: text(
      'data set to test the trained model on as well; for digits MNIST where it is at hand; or none',
    ),
  }),
  ...grouped('Fine-tuning:', {
    init: text('weights to start from, a safetensors or .onnx file'),
    freshHead: flag('draw the last linear layer anew, for other classes than those of --init'),
    freeze: list('tensors or layers that are not trained, as layer1,layer2 or *.bias'),
    freezeExcept: list(
      'layers that are trained although --freeze fits them; without --freeze nothing else is',
    ),
  }),
  ...schedulerOptions,
  ...optimizerOptions,
  ...lossOptions,
  ...imageOptions,
  ...grouped('Run:', foldOptions),
  ...dataOptions,
  ...networkOptions,
};

/** Their values. */
export type TrainArgs = Values<typeof trainOptions> & { readonly json: boolean };

/** What a run is told, apart from where it reads and writes. */
export type Settings = Omit<SavedRun, 'format'>;

/** Tensors that are not trained. */
function frozenFrom(
  { freeze: patterns, freezeExcept }: TrainArgs,
  saved: SavedRun | undefined,
): SavedRun['freeze'] {
  if (patterns === undefined && freezeExcept === undefined) return saved?.freeze;
  return { patterns: patterns ?? ['*'], except: freezeExcept ?? [] };
}

/** The recipe, changed by the saved run, changed by the command line. */
export function settingsOf(args: TrainArgs, saved: SavedRun | undefined): Settings {
  const name = args.preset ?? saved?.preset ?? 'mnist-cnn';
  const data = args.data ?? saved?.data ?? 'digits';
  const recipe = recipeFor(name, data);
  const epochs = args.epochs ?? saved?.epochs ?? recipe.epochs;
  const { name: schedulerName, options: schedulerValues } = saved?.scheduler ?? recipe.scheduler;
  const scheduler = schedulerOf(args, { name: schedulerName, options: schedulerValues }, epochs);
  const labels = args.labels ?? (args.data === undefined ? saved?.labels : undefined);
  const frozen = frozenFrom(args, saved);
  const augment = augmentFrom(args, saved?.augment);
  if (args.freshHead === true && args.init === undefined) {
    throw new OptionError('--fresh-head: it needs --init, got none');
  }
  return {
    preset: name,
    network: { ...saved?.network, ...presetOptionsFrom(args) },
    data,
    ...(labels && { labels }),
    epochs,
    batchSize: args.batchSize ?? saved?.batchSize ?? recipe.batchSize,
    learningRate: args.lr ?? saved?.learningRate ?? recipe.learningRate,
    optimizer: optimizerFrom(args, saved?.optimizer ?? recipe.optimizer),
    scheduler: { name: scheduler.name, options: scheduler.options },
    labelSmoothing: args.labelSmoothing ?? saved?.labelSmoothing ?? 0,
    shuffle: args.shuffle ?? saved?.shuffle ?? recipe.shuffle,
    seed: args.seed ?? saved?.seed ?? 0,
    ...(frozen && { freeze: frozen }),
    ...(augment && { augment }),
    ...(saved?.normalization && { normalization: saved.normalization }),
    foldBatchNorm: args.foldBatchNorm ?? saved?.foldBatchNorm ?? true,
  };
}

/** The settings with the shape and the numbers of the data where nothing was said of them. */
export function fitToData(args: TrainArgs, told: Settings, { train }: DataSplit): Settings & Shaped {
  const { normalization: saved, ...settings } = told;
  const { classes, channels, imageSize } = settings.network;
  const normalization = normalizationFrom(args, saved, train);
  return {
    ...settings,
    ...(normalization && { normalization }),
    labels: settings.labels ?? train.classes,
    network: {
      classes: classes ?? train.classes.length,
      channels: channels ?? train.channels,
      imageSize: imageSize ?? [train.height, train.width],
    },
  };
}

interface Shaped {
  readonly network: Required<PresetOptions>;
}

/** A network for more classes than the data have calls the others by their index. */
export function withClasses({ train, test }: DataSplit, classes: number): DataSplit {
  const names = (given: readonly string[]): readonly string[] => [
    ...given,
    ...Array.from({ length: Math.max(0, classes - given.length) }, (_, i) => String(given.length + i)),
  ];
  return {
    train: { ...train, classes: names(train.classes) },
    test: { ...test, classes: names(test.classes) },
  };
}

/** Where models run. */
export function sessionOptions({
  device: devices,
  threads,
}: Pick<TrainArgs, 'device' | 'threads'>): SessionOptions {
  return { ...(devices && { devices }), ...(threads !== undefined && { threads }) };
}

/** What `trainResNet` is told. */
export function optionsFor(args: TrainArgs, settings: Settings): NodeTrainOptions {
  const { preset, network, epochs, batchSize, learningRate, optimizer, labelSmoothing, shuffle, seed } =
    settings;
  const { freeze: frozen, augment, normalization, foldBatchNorm } = settings;
  const { maxSteps, init, freshHead, target, autotune, prefetch } = args;
  return {
    ...sessionOptions(args),
    ...(frozen
      ? { network: freeze(presetNetwork(preset, network), frozen.patterns, frozen) }
      : { preset, ...network }),
    ...{ epochs, batchSize, learningRate, optimizer, shuffle, seed },
    scheduler: schedulerFrom(settings.scheduler),
    loss: { labelSmoothing },
    ...(augment && { augment }),
    ...(normalization && { normalization }),
    ...(foldBatchNorm !== undefined && { foldBatchNorm }),
    ...(maxSteps !== undefined && { maxSteps }),
    ...(init !== undefined && { init }),
    ...(freshHead !== undefined && { freshHead }),
    ...(target !== undefined && { target }),
    ...(autotune !== undefined && { autotune }),
    ...(prefetch !== undefined && { prefetch }),
  };
}

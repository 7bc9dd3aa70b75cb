import {
  recipeFor,
  schedulerFrom,
  type DataSplit,
  type NodeTrainOptions,
  type PresetOptions,
  type SessionOptions,
} from '../../index.js';
import { grouped } from '../command.js';
import { choice, device, flag, preset, text, whole, type Values } from '../options.js';
import { schedulerOf, schedulerOptions } from '../scheduler-options.js';
import {
  dataOptions,
  lossOptions,
  networkOptions,
  optimizerFrom,
  optimizerOptions,
  presetOptionsFrom,
} from '../shared-options.js';
import type { SavedRun } from './run-folder.js';

/** Options of `train`. */
export const trainOptions = {
  preset: { ...preset, fallback: 'mnist-cnn' },
  data: {
    ...text('digits (embedded), mnist, fashion-mnist, or a folder of IDX files'),
    fallback: 'digits',
  },
  epochs: { ...whole('passes over the training images', 1), fallback: "the preset's recipe" },
  out: { ...text('folder for model, checkpoint and history'), fallback: 'runs/<preset>-<data>' },
  ...grouped('Run:', {
    init: text('weights to start from, a safetensors file'),
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
    threads: { ...whole('threads within an operator', 1), fallback: 'one for each core' },
    alsoTest: text(
      'data set to test the trained model on as well; for digits MNIST where it is at hand; or none',
    ),
  }),
  ...schedulerOptions,
  ...optimizerOptions,
  ...lossOptions,
  ...dataOptions,
  ...networkOptions,
};

/** Their values. */
export type TrainArgs = Values<typeof trainOptions> & { readonly json: boolean };

/** What a run is told, apart from where it reads and writes. */
export type Settings = Omit<SavedRun, 'format'>;

/** The recipe, changed by the saved run, changed by the command line. */
export function settingsOf(args: TrainArgs, saved: SavedRun | undefined): Settings {
  const name = args.preset ?? saved?.preset ?? 'mnist-cnn';
  const data = args.data ?? saved?.data ?? 'digits';
  const recipe = recipeFor(name, data);
  const epochs = args.epochs ?? saved?.epochs ?? recipe.epochs;
  const { name: schedulerName, options: schedulerValues } = saved?.scheduler ?? recipe.scheduler;
  const scheduler = schedulerOf(args, { name: schedulerName, options: schedulerValues }, epochs);
  const labels = args.labels ?? (args.data === undefined ? saved?.labels : undefined);
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
  };
}

/** The settings with the shape of the data where nothing was said of the network's. */
export function fitToData(settings: Settings, { train }: DataSplit): Settings & Shaped {
  const { classes, channels, imageSize } = settings.network;
  return {
    ...settings,
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
  const { maxSteps, init, target } = args;
  return {
    ...sessionOptions(args),
    preset,
    ...network,
    ...{ epochs, batchSize, learningRate, optimizer, shuffle, seed },
    scheduler: schedulerFrom(settings.scheduler),
    loss: { labelSmoothing },
    ...(maxSteps !== undefined && { maxSteps }),
    ...(init !== undefined && { init }),
    ...(target !== undefined && { target }),
  };
}

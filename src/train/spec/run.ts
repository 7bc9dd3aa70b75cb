import * as v from 'valibot';
import { OptionError } from '../../errors.js';
import { deviceNames } from '../../program/index.js';
import { lossSchema } from '../../models/index.js';
import { optimizerSchema } from '../../optim/index.js';
import {
  checked,
  flag,
  list,
  object,
  oneOf,
  optional,
  positive,
  said,
  text,
  whole,
  type Meta,
  type Schema,
} from '../../schema.js';
import { schedulerSchema } from '../schedulers/index.js';
import { dataFields, transformFields } from './data.js';
import { networkFields } from './network.js';

/** What a `run.json` calls its format. */
export const runFormat = 'ort-train-run/2';

const recipe: Meta = { fallback: 'the recipe' };
const run: Meta = { group: 'Run:' };
const machine: Meta = { ...run, here: true };
const tuning: Meta = { group: 'Fine-tuning:' };
const rate: Meta = { group: 'Optimizer:' };

/** Everything about a run that plain JSON can say. */
export const runSchema = object({
  $schema: optional(said(text(), 'where the JSON Schema of this file lies', { flag: false, here: true })),
  format: optional(
    said(v.literal(runFormat, runFormat), 'version of this description', { flag: false, here: true }),
  ),
  ...networkFields,
  ...dataFields,
  epochs: optional(said(whole(1), 'passes over the training images', recipe)),
  out: optional(
    said(text(), 'folder for model, checkpoint and history', {
      fallback: 'runs/<preset>-<data>',
      here: true,
    }),
  ),
  maxSteps: optional(said(whole(1), 'stop after so many steps in all', { ...run, once: true })),
  readEvery: optional(
    said(whole(1), 'steps after which their losses are read', {
      ...machine,
      fallback: 'a tenth of a second on a GPU, else 1',
    }),
  ),
  shuffle: optional(
    said(flag(), 'another order of the images in each epoch', { ...run, ...recipe, order: true }),
  ),
  seed: optional(
    said(whole(0), 'seed of the weights, the shuffle and the augmentation', { ...run, order: true }),
    0,
  ),
  batchSize: optional(said(whole(1), 'images in a batch', { ...run, ...recipe, order: true })),
  accumulate: optional(
    said(whole(1), 'batches whose mean gradient makes one step', { ...rate, order: true }),
    1,
  ),
  devices: optional(
    said(
      list(oneOf(deviceNames)),
      `execution provider; several in order of preference, with commas (${deviceNames.join(', ')})`,
      { ...machine, flag: 'device', fallback: 'cpu' },
    ),
  ),
  threads: optional(
    said(whole(1), 'threads within an operator', { ...machine, fallback: 'one for each core' }),
  ),
  target: optional(
    said(
      oneOf(['auto', 'portable']),
      "auto: the device's own form of the step, verified; portable: standard operators",
      machine,
    ),
    'auto',
  ),
  autotune: optional(
    said(
      flag(),
      'measure the fastest forms of the convolutions once, keep them in the cache folder; --no-autotune takes a heuristic',
      machine,
    ),
    true,
  ),
  prefetch: optional(
    said(
      v.union([flag(), v.literal('auto')], "true, false or 'auto'"),
      'prepare the next batches on a thread of their own while a step runs; --no-prefetch between the steps',
      { ...machine, fallback: 'where a core is free, and for pictures' },
    ),
    'auto',
  ),
  foldBatchNorm: optional(
    said(flag(), 'fold batch norm into the convolutions of the .onnx; --no-fold-batch-norm keeps it', run),
    true,
  ),
  init: optional(
    said(text(), 'weights to start from, a safetensors or .onnx file', { ...tuning, once: true }),
  ),
  freshHead: optional(
    said(flag(), 'draw the last linear layer anew, for other classes than those of --init', {
      ...tuning,
      once: true,
    }),
    false,
  ),
  learningRate: optional(
    said(positive(), 'learning rate', { group: 'Learning rate:', flag: 'lr', ...recipe }),
  ),
  scheduler: optional(said(schedulerSchema, 'how the learning rate changes', { flag: false })),
  optimizer: optional(said(optimizerSchema, 'adam, adamw or sgd', rate)),
  clipNorm: optional(
    said(positive(), 'largest norm of the gradient of all parameters; a longer one is scaled down', rate),
  ),
  loss: optional(said(lossSchema, 'how the loss is computed', rate)),
  ...transformFields,
});

/**
 * The one description of a run in plain JSON: a file, the command line and a page's message to its worker say it, and so does
 * `TrainOptions` without its non-JSON parts. What is left out has a default, or comes from the recipe.
 *
 * @example
 * const run: RunSpec = { preset: 'resnet20-cifar', data: 'cifar10', epochs: 20, augment: { pad: 4, flip: true } };
 */
export type RunSpec = v.InferInput<typeof runSchema>;

/** How a network is trained unless the caller says otherwise. */
export type Recipe = Required<
  Pick<RunSpec, 'epochs' | 'batchSize' | 'learningRate' | 'optimizer' | 'scheduler' | 'shuffle'>
>;

/** A run with nothing left open: what was not given comes from the recipe and the defaults. */
export type ResolvedRun = RunSpec & Recipe & typeof runDefaults;

/**
 * Throws OptionError, which names the field, for anything that is no `RunSpec`; `where` is what errors call the whole.
 *
 * @example
 * checkRun({ preset: 'resnet18', epochs: 0 }, 'a.json'); // a.json: epochs: expected a whole number of at least 1, got 0
 */
export function checkRun(spec: unknown, where = ''): RunSpec {
  checked(runSchema, spec, where);
  return spec as RunSpec;
}

/** A field of a run, and what the schema says about it. */
interface RunField {
  readonly name: keyof RunSpec;
  readonly schema: Schema;
  readonly meta: Meta;
}

export const runFields = Object.entries(runSchema.entries).map(([name, { wrapped }]): RunField => {
  const meta: Meta = v.getMetadata<v.GenericSchema>(wrapped);
  return { name: name as keyof RunSpec, schema: wrapped, meta };
});

/** The defaults that no preset changes. */
export const runDefaults = Object.fromEntries(
  Object.entries(v.getDefaults(runSchema)).filter(([, value]) => value !== undefined),
) as Required<
  Pick<
    RunSpec,
    'data' | 'seed' | 'accumulate' | 'target' | 'autotune' | 'prefetch' | 'foldBatchNorm' | 'freshHead'
  >
>;

/** Throws OptionError for the first of some fields that does not fit the schema. */
export function checkFields(names: readonly (keyof RunSpec)[], values: Omit<RunSpec, 'scheduler'>): void {
  for (const { name, schema } of runFields) {
    const value = (values as RunSpec)[name];
    if (names.includes(name) && value !== undefined) checked(schema, value, name);
  }
}

/** Throws OptionError for a run in a browser that names a folder. */
export function refuseFolder(run: object): void {
  if (!('out' in run) || run.out === undefined) return;
  throw new OptionError(`out: expected none, for a browser has no folders, got ${JSON.stringify(run.out)}`);
}

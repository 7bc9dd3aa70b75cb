import { OptionError } from '../../errors.js';
import type { Network } from '../../net/index.js';
import { defined } from '../../checks.js';
import { wordsOf } from '../../schema.js';
import type { Augment } from '../../data/index.js';
import type { DataDefaults } from '../data-defaults.js';
import type { TrainOptions } from '../run-types.js';
import { schedulerFrom, schedulerSchema, type Scheduler, type SchedulerSpec } from '../schedulers/index.js';
import { networkOf } from './network.js';
import { checkRun, runDefaults, runFields, runFormat, type ResolvedRun, type RunSpec } from './run.js';

/** A run, ready to go. */
export interface Run {
  readonly network: Network;
  readonly scheduler: Scheduler;
  readonly spec: ResolvedRun;
  /** The augmentation, perhaps with functions that the spec cannot say. */
  readonly augment: Augment | undefined;
  /** Whether the spec says everything: the caller has passed no network, scheduler, data or weights that JSON cannot name. */
  readonly isWhole: boolean;
}

/** The description of a run from the options of `trainResNet`; `named` are the names of data and weights passed to it. */
export function resolveRun(
  options: TrainOptions,
  named: Pick<RunSpec, 'data' | 'init' | 'freshHead'>,
  defaults: DataDefaults,
): Run {
  const {
    network,
    scheduler,
    data: _d,
    init,
    resume: _,
    signal: _s,
    onStart,
    onBatchEnd,
    onEpochEnd,
    augment,
    ...plain
  } = defined(options);
  const built = network !== undefined && 'net' in network ? network : undefined;
  const told = checkRun({
    ...plain,
    ...named,
    ...(built === undefined && defined({ network })),
    ...(augment !== undefined && isPlainAugment(augment) && { augment }),
    ...(isNamed(scheduler) && {
      scheduler: isOwn(scheduler) ? { name: scheduler.name, options: scheduler.options } : scheduler,
    }),
  });
  if (network !== undefined && told.preset !== undefined) {
    throw new OptionError('preset and network: expected one of them, got both');
  }
  const preset = network === undefined ? (told.preset ?? defaults.spec.preset ?? 'mnist-cnn') : undefined;
  const spec: ResolvedRun = inOrder({
    format: runFormat,
    ...runDefaults,
    ...defaults.recipe,
    ...defaults.spec,
    ...defined({ preset }),
    ...told,
    ...(defaults.spec.dataOptions && { dataOptions: defaults.spec.dataOptions }),
    ...(told.freeze && { freeze: { patterns: ['*'], except: [], ...told.freeze } }),
  });
  return {
    network: networkOf({ ...defaults.spec, ...told, ...(built && { network: built }) }),
    scheduler: isOwn(scheduler) ? scheduler : schedulerFrom(spec.scheduler),
    spec,
    augment: augment === undefined || isPlainAugment(augment) ? spec.augment : augment,
    isWhole:
      built === undefined &&
      (scheduler === undefined || isNamed(scheduler)) &&
      (augment === undefined || isPlainAugment(augment)) &&
      named.data !== undefined &&
      (init === undefined || named.init !== undefined),
  };
}

/** Whether a file can say an augmentation: no transform is a function. */
export function isPlainAugment(augment: Augment): augment is NonNullable<RunSpec['augment']> {
  return !Array.isArray(augment) || augment.every((each) => typeof each !== 'function');
}

/** A scheduler as functions, perhaps one of the user's own. */
function isOwn(scheduler: SchedulerSpec | undefined): scheduler is Scheduler {
  return typeof scheduler === 'object' && 'next' in scheduler;
}

/** One that a file can name; the schema refuses anything that is not a scheduler. */
function isNamed(scheduler: SchedulerSpec | undefined): scheduler is SchedulerSpec {
  return (
    scheduler !== undefined &&
    (!isOwn(scheduler) || wordsOf('name', schedulerSchema.options).includes(scheduler.name))
  );
}

/** With the fields as the schema has them. */
function inOrder<T extends RunSpec>(spec: T): T {
  return Object.fromEntries(runFields.flatMap(({ name }) => (name in spec ? [[name, spec[name]]] : []))) as T;
}

/** What a model's card says about its run: not where it ran or where it is stored. */
export function recipeOf(spec: RunSpec): RunSpec {
  const here = runFields
    .filter(({ meta }) => meta.here === true || meta.once === true)
    .map(({ name }) => name as string);
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !here.includes(name)));
}

import * as v from 'valibot';
import { checked, list, object, variant, type Schema } from '../../schema.js';
import {
  cosineAnnealingLR,
  cosineAnnealingLRSchema,
  linearWarmup,
  linearWarmupSchema,
  oneCycleLR,
  oneCycleLRSchema,
} from './curves.js';
import { reduceLROnPlateau, reduceLROnPlateauSchema } from './plateau.js';
import type { Scheduler, SchedulerSpec } from './scheduler.js';
import { milestonesSchema, sequentialLR } from './sequential.js';
import {
  constantLR,
  constantLRSchema,
  exponentialLR,
  exponentialLRSchema,
  multiStepLR,
  multiStepLRSchema,
  stepLR,
  stepLRSchema,
} from './steps.js';

export type * from './curves.js';
export type * from './plateau.js';
export type * from './sequential.js';
export type * from './steps.js';
export {
  constantLR,
  cosineAnnealingLR,
  exponentialLR,
  linearWarmup,
  multiStepLR,
  oneCycleLR,
  reduceLROnPlateau,
  sequentialLR,
  stepLR,
};
export { schedulerState } from './scheduler.js';
export type * from './scheduler.js';

const kind = <const N extends string, S extends Schema>(name: N, options: S) =>
  object({ name: v.literal(name), options });

/** Those whose rate depends on the epoch alone. */
const ofEpochs = [
  kind('constantLR', constantLRSchema),
  kind('cosineAnnealingLR', cosineAnnealingLRSchema),
  kind('exponentialLR', exponentialLRSchema),
  kind('linearWarmup', linearWarmupSchema),
  kind('multiStepLR', multiStepLRSchema),
  kind('oneCycleLR', oneCycleLRSchema),
  kind('stepLR', stepLRSchema),
] as const;

const partsSchema = object({ schedulers: list(variant('name', ofEpochs)), milestones: milestonesSchema });

/** Every scheduler by its name and options. */
export const schedulerSchema = variant('name', [
  ...ofEpochs,
  kind('reduceLROnPlateau', reduceLROnPlateauSchema),
  kind('sequentialLR', partsSchema),
]);

/** A built-in scheduler in plain JSON. */
export type NamedScheduler = v.InferInput<typeof schedulerSchema>;

/**
 * The scheduler that a checkpoint or a command line describes. Throws OptionError for an unknown name, an unknown
 * option, or one out of its range.
 *
 * @example
 * schedulerFrom({ name: 'stepLR', options: { stepSize: 3, gamma: 0.5 } });
 */
export function schedulerFrom(spec: SchedulerSpec, where = 'scheduler'): Scheduler {
  const { name, options } = checked(schedulerSchema, { name: spec.name, options: spec.options }, where);
  switch (name) {
    case 'constantLR':
      return constantLR(options);
    case 'cosineAnnealingLR':
      return cosineAnnealingLR(options);
    case 'exponentialLR':
      return exponentialLR(options);
    case 'linearWarmup':
      return linearWarmup(options);
    case 'multiStepLR':
      return multiStepLR(options);
    case 'oneCycleLR':
      return oneCycleLR(options);
    case 'reduceLROnPlateau':
      return reduceLROnPlateau(options);
    case 'sequentialLR':
      return sequentialLR({ ...options, schedulers: options.schedulers.map((each) => schedulerFrom(each)) });
    case 'stepLR':
      return stepLR(options);
  }
}

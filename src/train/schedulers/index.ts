import { OptionError } from '../../errors.js';
import { cosineAnnealingLR, linearWarmup, oneCycleLR } from './curves.js';
import { reduceLROnPlateau } from './plateau.js';
import type { Scheduler, SchedulerSpec } from './scheduler.js';
import { constantLR, exponentialLR, multiStepLR, stepLR } from './steps.js';

export * from './curves.js';
export * from './plateau.js';
export * from './steps.js';
export { schedulerState } from './scheduler.js';
export type * from './scheduler.js';

const factories = {
  constantLR,
  cosineAnnealingLR,
  exponentialLR,
  linearWarmup,
  multiStepLR,
  oneCycleLR,
  reduceLROnPlateau,
  stepLR,
} as const;

/** Names of all schedulers. */
export const schedulerNames = Object.keys(factories) as readonly (keyof typeof factories)[];

/**
 * The scheduler that a checkpoint or a command line describes. Throws OptionError for an unknown name, an unknown
 * option, or one out of its range.
 *
 * @example
 * schedulerFrom({ name: 'stepLR', options: { stepSize: 3, gamma: 0.5 } });
 */
export function schedulerFrom({ name, options }: SchedulerSpec): Scheduler {
  const known = schedulerNames.find((each) => each === name);
  if (known === undefined) {
    throw new OptionError(`scheduler: expected one of ${schedulerNames.join(', ')}, got ${name}`);
  }
  // Each factory checks what it is given, so that unchecked JSON may go in.
  const make = factories[known] as (options: SchedulerSpec['options']) => Scheduler;
  const scheduler = make(options);
  const unknown = Object.keys(options).find((option) => !Object.hasOwn(scheduler.options, option));
  if (unknown !== undefined) {
    const expected = Object.keys(scheduler.options).join(', ');
    throw new OptionError(`${known}: expected options of ${expected}, got ${unknown}`);
  }
  return scheduler;
}

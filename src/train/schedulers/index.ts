import { OptionError } from '../../errors.js';
import { cosineAnnealingLR, linearWarmup, oneCycleLR } from './curves.js';
import { reduceLROnPlateau } from './plateau.js';
import type { Scheduler, SchedulerOption, SchedulerSpec } from './scheduler.js';
import { sequentialLR } from './sequential.js';
import { constantLR, exponentialLR, multiStepLR, stepLR } from './steps.js';

export * from './curves.js';
export * from './plateau.js';
export * from './sequential.js';
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
  sequentialLR,
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
  const make = factories[known] as (options: Readonly<Record<string, unknown>>) => Scheduler;
  const scheduler = make(known === 'sequentialLR' ? withSchedulers(options) : options);
  const unknown = Object.keys(options).find((option) => !Object.hasOwn(scheduler.options, option));
  if (unknown !== undefined) {
    const expected = Object.keys(scheduler.options).join(', ');
    throw new OptionError(`${known}: expected options of ${expected}, got ${unknown}`);
  }
  return scheduler;
}

/** The options of `sequentialLR`, its schedulers made of what is said of them. */
function withSchedulers(options: SchedulerSpec['options']): Readonly<Record<string, unknown>> {
  const given: SchedulerOption | undefined = options['schedulers'];
  if (!Array.isArray(given)) return options;
  const schedulers = (given as readonly unknown[]).map((each) => {
    const { name, options: own } = (each ?? {}) as Partial<SchedulerSpec>;
    if (typeof name === 'string' && typeof own === 'object') return schedulerFrom({ name, options: own });
    throw new OptionError(
      `sequentialLR: schedulers: expected names and options, got ${JSON.stringify(each)}`,
    );
  });
  return { ...options, schedulers };
}

import { OptionError } from '../../errors.js';
import { checked, list, whole } from '../../schema.js';
import { ofEpoch, type Scheduler, type SchedulerState } from './scheduler.js';

export const milestonesSchema = list(whole(0), 'whole numbers of at least 0');

/** Options of `sequentialLR`. */
export interface SequentialLROptions {
  /** One after the other; those whose rate depends on the epoch alone. */
  readonly schedulers: readonly Scheduler[];
  /** Epochs at which the next one begins, one fewer than schedulers, in ascending order; equal ones are allowed. */
  readonly milestones: readonly number[];
}

/**
 * Schedules one after the other: from its milestone on a scheduler counts its epochs from 0 and starts from the base rate,
 * wherever the one before it has arrived. The rates are PyTorch's, with its peculiarities: of schedulers with the same
 * milestone only the last is used, a milestone of 0 skips those before it, and a `oneCycleLR` puts its own first rate in
 * the place of the base rate, for those behind it and for the one that is the first to run.
 * Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html
 *
 * Throws OptionError for no scheduler, for `reduceLROnPlateau`, another `sequentialLR` or a second `oneCycleLR` among them
 * (PyTorch's would take the rates of the last one), and for milestones
 * that are not one fewer, not whole numbers, or not in ascending order.
 *
 * @example
 * // Five epochs of warm-up, then half a cosine down to 0 at epoch 90.
 * sequentialLR({ schedulers: [linearWarmup({ totalIters: 5 }), cosineAnnealingLR({ tMax: 85 })], milestones: [5] });
 */
export function sequentialLR({ schedulers, milestones }: SequentialLROptions): Scheduler {
  checkSchedulers(schedulers);
  const at = checked(milestonesSchema, milestones, 'sequentialLR: milestones');
  if (at.some((milestone, i) => milestone < (at[i - 1] ?? 0))) {
    throw new OptionError(`sequentialLR: milestones: expected some that do not fall, got ${at.join(', ')}`);
  }
  if (at.length !== schedulers.length - 1) {
    throw new OptionError(
      `sequentialLR: milestones: expected ${schedulers.length - 1} for ${schedulers.length} schedulers, got ${at.length}`,
    );
  }
  const cycle = schedulers.findIndex(({ name }) => name === 'oneCycleLR');
  const running = (epoch: number): number => at.filter((milestone) => milestone <= epoch).length;
  const opening = running(0);
  const options = {
    schedulers: schedulers.map(({ name, options: own }) => ({ name, options: own })),
    milestones: at,
  };
  return ofEpoch('sequentialLR', options, (baseLr, epoch) => {
    const index = running(epoch);
    const scheduler = schedulers[index];
    if (scheduler === undefined) throw new RangeError(`no scheduler ${index}`);
    const isOfCycle = cycle !== -1 && (index === opening || index > cycle);
    const base = isOfCycle ? (schedulers[cycle]?.initial(baseLr).lr ?? baseLr) : baseLr;
    return stateAt(scheduler, base, epoch - (at[index - 1] ?? 0)).lr;
  });
}

/** The state of a schedule of the epoch alone, found without running the epochs before. */
function stateAt(scheduler: Scheduler, baseLr: number, epoch: number): SchedulerState {
  const initial = scheduler.initial(baseLr);
  return epoch === 0 ? initial : scheduler.next({ ...initial, epoch: epoch - 1 }, { trainLoss: NaN });
}

function checkSchedulers(schedulers: unknown): void {
  const isScheduler = (each: Partial<Scheduler> | null | undefined): boolean =>
    typeof each?.initial === 'function' && typeof each.next === 'function';
  const given = Array.isArray(schedulers) ? (schedulers as readonly Partial<Scheduler>[]) : [];
  const wrong = given.find((each) => !isScheduler(each));
  if (given.length === 0 || wrong !== undefined) {
    throw new OptionError(
      `sequentialLR: schedulers: expected some such as linearWarmup(), got ${JSON.stringify(wrong ?? schedulers)}`,
    );
  }
  if (given.filter(({ name }) => name === 'oneCycleLR').length > 1) {
    throw new OptionError('sequentialLR: schedulers: expected one oneCycleLR at most, got several');
  }
  const refused = given.find(({ name = '' }) => ['reduceLROnPlateau', 'sequentialLR'].includes(name));
  if (refused !== undefined) {
    throw new OptionError(
      `sequentialLR: schedulers: expected those whose rate depends on the epoch alone, got ${refused.name ?? ''}`,
    );
  }
}

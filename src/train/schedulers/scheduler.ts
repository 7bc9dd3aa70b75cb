import type { GenericSchema, InferInput, InferOutput } from 'valibot';
import { CheckpointError } from '../../errors.js';
import { checked } from '../../schema.js';

/** The metrics of an epoch. `testLoss` and `testAccuracy` are there if the epoch was evaluated. */
export interface SchedulerMetrics {
  /** Mean loss over the epoch. */
  readonly trainLoss: number;
  readonly testLoss?: number;
  /** Share of correct answers, 0 to 1. */
  readonly testAccuracy?: number;
}

/** What ReduceLROnPlateau remembers. */
export interface PlateauState {
  /** Best metric so far; null before the first. */
  readonly best: number | null;
  readonly badEpochs: number;
  /** Epochs of cooldown that remain. */
  readonly cooldown: number;
}

/** Where a schedule stands: plain JSON, so that a checkpoint holds it as it is. */
export interface SchedulerState {
  /** Epochs finished; `lr` is for the epoch of this number, counted from 0. */
  readonly epoch: number;
  /** Learning rate to train the epoch with. */
  readonly lr: number;
  /** Learning rate that the optimizer was created with. */
  readonly baseLr: number;
  /** Of ReduceLROnPlateau only. */
  readonly plateau?: PlateauState;
}

/** A scheduler's name and its options, plain JSON: enough to make it again with `schedulerFrom`. */
export interface SchedulerSpec {
  readonly name: string;
  /** All options, defaults filled in. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * A learning-rate schedule. Pure: the state comes in and goes out, so that a resumed run continues exactly.
 *
 * @example
 * let state = scheduler.initial(0.001);
 * for (let epoch = 0; epoch < 17; epoch++) {
 *   const { trainLoss } = await trainEpoch(state.lr);
 *   state = scheduler.next(state, { trainLoss });
 * }
 */
export interface Scheduler extends SchedulerSpec {
  /** State for the first epoch. */
  readonly initial: (baseLr: number) => SchedulerState;
  /** State for the next epoch, after one that gave `metrics`. */
  readonly next: (state: SchedulerState, metrics: SchedulerMetrics) => SchedulerState;
}

type OptionsSchema = GenericSchema<Readonly<Record<string, unknown>>>;

/** If all options of a scheduler have defaults, none needs to be given. */
type Given<S extends OptionsSchema> =
  Partial<InferInput<S>> extends InferInput<S> ? [options?: InferInput<S>] : [options: InferInput<S>];

/** Makes a kind of scheduler whose rate depends on the epoch alone, counted from 0, and on the options of a schema. */
export function ofOptions<S extends OptionsSchema>(
  name: string,
  schema: S,
  rate: (options: InferOutput<S>) => (baseLr: number, epoch: number) => number,
): (...given: Given<S>) => Scheduler {
  return (...[given = {}]) => {
    const options = checked(schema, given, name);
    return ofEpoch(name, options, rate(options));
  };
}

/** A scheduler whose rate depends on the epoch alone. `lr` gets the base rate and the epoch, counted from 0. */
export function ofEpoch(
  name: string,
  options: SchedulerSpec['options'],
  lr: (baseLr: number, epoch: number) => number,
): Scheduler {
  const at = (baseLr: number, epoch: number): SchedulerState => ({ epoch, lr: lr(baseLr, epoch), baseLr });
  return {
    name,
    options,
    initial: (baseLr) => at(baseLr, 0),
    next: ({ baseLr, epoch }) => at(baseLr, epoch + 1),
  };
}

/**
 * A state from a checkpoint's JSON. Throws CheckpointError, naming `source`, for anything else.
 *
 * @example
 * const state = schedulerState(JSON.parse(text), 'run1/checkpoint.json');
 */
export function schedulerState(json: unknown, source: string): SchedulerState {
  const { epoch, lr, baseLr, plateau } = fields(json);
  if (isCount(epoch) && isNumber(lr) && isNumber(baseLr)) {
    if (plateau === undefined) return { epoch, lr, baseLr };
    const { best, badEpochs, cooldown } = fields(plateau);
    if ((best === null || isNumber(best)) && isCount(badEpochs) && isCount(cooldown)) {
      return { epoch, lr, baseLr, plateau: { best, badEpochs, cooldown } };
    }
  }
  throw new CheckpointError(
    `${source}: scheduler: expected epoch, lr, baseLr (and best, badEpochs, cooldown under plateau), got ${JSON.stringify(json)}`,
  );
}

function fields(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : {};
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

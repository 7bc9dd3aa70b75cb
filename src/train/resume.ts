import { isPictureDataset, type Dataset } from '../data/index.js';
import type { Checkpoint } from '../weights/index.js';
import { withClock } from './clocks.js';
import { CheckpointError, OptionError } from '../errors.js';
import type { EpochSums, ResumePoint } from './fit-options.js';
import type { EpochRecord } from './history.js';
import { schedulerState } from './schedulers/index.js';
import { shown } from '../schema.js';
import { runFields, type RunSpec, type ResolvedRun } from './spec/run.js';

/** What the order of an epoch's images depends on: the fields of a run that the schema marks so. */
export type Order = Readonly<Record<string, unknown>>;

/** The order that a run's options ask for. */
export function orderOf(options: RunSpec): Order {
  const marked = runFields.filter(({ meta }) => meta.order === true);
  return Object.fromEntries(marked.map(({ name }) => [name, options[name] ?? null]));
}

/**
 * Where a checkpoint's run stands. Throws CheckpointError for a checkpoint that does not say (plain weights) or whose
 * run is complete, and OptionError for options with which it cannot resume: no steps left, or another order of images in
 * the middle of an epoch, or other images.
 *
 * @param images - The training images by `identityOf`.
 */
export function readResumePoint(
  { progress: { epoch, step, extra } }: Checkpoint,
  where: string,
  options: ResolvedRun,
  history?: readonly Partial<EpochRecord>[],
  images?: string,
): ResumePoint {
  const point = (extra ?? {}) as Partial<ResumePoint> & { readonly order?: Order; readonly images?: string };
  if (point.scheduler === undefined || !Array.isArray(point.epochs)) {
    throw new CheckpointError(
      `${where}: expected a checkpoint of a training run, got weights without progress; start from them with init`,
    );
  }
  if (epoch >= options.epochs) {
    throw new CheckpointError(
      `${where}: its run has finished ${epoch} epochs; to go on, ask for more than that`,
    );
  }
  if (options.maxSteps !== undefined && step >= options.maxSteps) {
    throw new OptionError(
      `maxSteps: expected more than the ${step} that ${where} has taken, got ${options.maxSteps}`,
    );
  }
  const partial = point.partial && checkSums(point.partial, where);
  if (partial !== undefined && partial.batches > 0) {
    checkOrder(point.order ?? {}, orderOf(options), where);
    checkImages(point.images, images, where);
  }
  return {
    epoch,
    scheduler: schedulerState(point.scheduler, where),
    epochs: withClock(point.epochs as readonly EpochRecord[], history),
    ...(partial && { partial }),
  };
}

/**
 * Throws OptionError where the folders of the classes are others than those that the run began with: a new name moves other
 * classes to other outputs of the network.
 */
export function checkClassNames(extra: unknown, train: Dataset, where: string): void {
  const { classes: was } = (extra ?? {}) as { readonly classes?: readonly string[] };
  // Other data have class indices; what these are called changes nothing. Version 0.1.0 did not write it.
  if (was === undefined || !isPictureDataset(train) || was.join('\n') === train.classes.join('\n')) return;
  throw new OptionError(
    `data: ${where} was trained on the classes ${was.join(', ')}, got ${train.classes.join(', ')}: expected the same to go on; ` +
      'give the folders their old names, or train anew',
  );
}

function checkSums(partial: Partial<EpochSums>, where: string): EpochSums {
  const { batches, loss, correct, images } = partial;
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
  if (isCount(batches) && isCount(correct) && isCount(images) && Number.isFinite(loss)) {
    return { batches, loss: Number(loss), correct, images };
  }
  throw new CheckpointError(
    `${where}: partial: expected batches, loss, correct and images, got ${JSON.stringify(partial)}`,
  );
}

/** In the middle of an epoch, batches are skipped by number: they must be the same ones. */
function checkOrder(was: Order, is: Order, where: string): void {
  for (const [name, value] of Object.entries(is)) {
    const before = name in was ? fromText(was[name]) : value;
    if (isSame(before, value)) continue;
    throw new OptionError(
      `${name}: ${where} stopped in the middle of an epoch with ${name} ${shown(before)}: expected the same to go on, got ${shown(value)}`,
    );
  }
}

/** A picture that was added or removed moves all behind it to other batches. Version 0.1.0 did not write it. */
function checkImages(was: string | undefined, is: string | undefined, where: string): void {
  if (was === undefined || is === undefined || was === is) return;
  throw new OptionError(
    `data: ${where} stopped in the middle of an epoch: expected the same training images to go on (${was}), got others (${is}); ` +
      'put back what was added, removed or renamed, or start a run of its own from the weights (init)',
  );
}

/** Version 0.1.0 wrote the augmentation as JSON in a string, an empty one for none; other words are names. */
function fromText(value: unknown): unknown {
  if (value === '') return null;
  return typeof value === 'string' && value.startsWith('{') ? JSON.parse(value) : value;
}

/** Whether two plain values say the same: what is switched off may as well be left out. */
function isSame(a: unknown, b: unknown): boolean {
  if (!isFields(a) || !isFields(b)) return (a || null) === (b || null);
  return Object.keys({ ...a, ...b }).every((key) => isSame(a?.[key], b?.[key]));
}

function isFields(value: unknown): value is Order | null | undefined {
  return value === undefined || typeof value === 'object';
}

import { CheckpointError } from '../errors.js';
import { formsByKey, type TuningOptions, type TuningStore, type LoweringReport } from '../program/index.js';

/** What a checkpoint keeps about the forms of a run's convolutions, so that the run can resume with the same ones. */
export interface KeptTuning {
  readonly batchSize: number;
  /** The machine that they were chosen for; absent if the written heuristic chose all. */
  readonly machine?: string;
  readonly choices: Readonly<Record<string, string>>;
}

/** For a checkpoint; the portable form has nothing to choose. */
export function keptTuning(
  { target, tuned }: LoweringReport,
  batchSize: number,
): { readonly tuning?: KeptTuning } {
  if (target === 'portable') return {};
  if (tuned === undefined) return { tuning: { batchSize, choices: {} } };
  return { tuning: { batchSize, machine: tuned.machine, choices: formsByKey(tuned.choices) } };
}

/**
 * How a run tunes: a resumed one has the choices of the interrupted one, whatever has been measured since, unless it has
 * other batches or another machine, where its numbers would differ in any case.
 *
 * @param extra - What the checkpoint of the interrupted run holds besides its state; undefined for a new run.
 */
export function tuningFor(store: TuningStore, batchSize: number, extra: unknown): TuningOptions {
  const { tuning: was } = (extra ?? {}) as { readonly tuning?: Partial<KeptTuning> };
  const isSame = was?.batchSize === batchSize && (was.machine ?? store.machine) === store.machine;
  if (!isSame) return { batchSize, store };
  return { batchSize, store, choices: checkChoices(was.choices) };
}

function checkChoices(choices: unknown): Readonly<Record<string, string>> {
  if (typeof choices === 'object' && choices !== null) {
    const entries = Object.entries(choices) as readonly (readonly [string, unknown])[];
    if (entries.every(([, form]) => typeof form === 'string')) return choices as Record<string, string>;
  }
  throw new CheckpointError(`checkpoint: tuning: expected forms by key, got ${JSON.stringify(choices)}`);
}

import { OptionError } from '../errors.js';
import type { EpochRecord } from './history.js';

/** An epoch without its times: the same for equal runs, so that their checkpoints are equal to the byte. */
export function withoutClock({
  seconds: _seconds,
  imagesPerSecond: _rate,
  ...record
}: EpochRecord): Partial<EpochRecord> {
  return record;
}

/**
 * The epochs of a checkpoint with their times, from the run's `history.json` if that is available and records the same
 * epoch; else NaN.
 */
export function withClock(
  records: readonly EpochRecord[],
  history: readonly Partial<EpochRecord>[] = [],
): readonly EpochRecord[] {
  const time = (value: unknown): number => (typeof value === 'number' ? value : NaN);
  return records.map((record) => {
    const told = history.find(
      (other) =>
        isRecord(other) &&
        (['epoch', 'step', 'trainLoss'] as const).every((name) => other[name] === record[name]),
    );
    const { seconds, imagesPerSecond } = { ...told, ...record };
    return { ...record, seconds: time(seconds), imagesPerSecond: time(imagesPerSecond) };
  });
}

/** A file that people can change may hold anything in an epoch's place. */
function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/**
 * The date for a model's card: now, or that of `SOURCE_DATE_EPOCH`, in seconds since 1970, with which equal runs give equal
 * files. Source: https://reproducible-builds.org/specs/source-date-epoch/
 *
 * Throws OptionError for a variable that is not such a number.
 */
export function cardDate(): string {
  const given = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[
    'SOURCE_DATE_EPOCH'
  ];
  if (given === undefined || given === '') return new Date().toISOString();
  const date = new Date(/^\d+$/.test(given) ? Number(given) * 1000 : NaN);
  if (!Number.isNaN(date.getTime())) return date.toISOString();
  throw new OptionError(`SOURCE_DATE_EPOCH: expected whole seconds since 1970, got ${given}`);
}

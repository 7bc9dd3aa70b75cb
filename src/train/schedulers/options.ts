import { OptionError } from '../../errors.js';

/** What a number may be. */
export interface Range {
  readonly integer?: boolean;
  /** Smallest value. */
  readonly min?: number;
  /** Largest value. */
  readonly max?: number;
  /** A value that must be exceeded. */
  readonly above?: number;
  /** A value that must not be reached. */
  readonly below?: number;
}

/** The value, if it lies in the range; else an OptionError that names the option, the range and the value. */
export function numberOption(where: string, option: string, value: unknown, range: Range = {}): number {
  const { integer = false, min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = range;
  const isKind = integer ? Number.isSafeInteger(value) : Number.isFinite(value);
  const number = Number(value);
  if (isKind && number >= min && number <= max && number > above && number < below) return number;
  throw new OptionError(`${where}: ${option}: expected ${describe(range)}, got ${show(value)}`);
}

/** The value, if it is one of `choices`; else an OptionError. */
export function choiceOption<T extends string>(
  where: string,
  option: string,
  value: unknown,
  choices: readonly T[],
): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new OptionError(`${where}: ${option}: expected one of ${choices.join(', ')}, got ${show(value)}`);
}

/** Epochs at which something changes: whole numbers from 0, in any order or in one that does not fall. */
export function milestonesOption(
  where: string,
  value: unknown,
  { ascending = false }: { readonly ascending?: boolean } = {},
): readonly number[] {
  const given: readonly unknown[] | undefined = Array.isArray(value) ? value : undefined;
  const fits = given?.every(
    (each, i) =>
      Number.isSafeInteger(each) &&
      Number(each) >= 0 &&
      (!ascending || i === 0 || Number(each) >= Number(given[i - 1])),
  );
  if (given !== undefined && fits === true) return given.map(Number);
  const expected = ascending ? 'integers >= 0 that do not fall' : 'integers >= 0';
  throw new OptionError(`${where}: milestones: expected ${expected}, got ${show(value)}`);
}

/** `value` as text for an error. */
export function show(value: unknown): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function describe({ integer = false, min, max, above, below }: Range): string {
  const bounds = [
    min === undefined ? '' : `>= ${min}`,
    above === undefined ? '' : `> ${above}`,
    max === undefined ? '' : `<= ${max}`,
    below === undefined ? '' : `< ${below}`,
  ].filter((bound) => bound !== '');
  return `${integer ? 'an integer' : 'a number'} ${bounds.join(' and ')}`.trim();
}

import { OptionError } from './errors.js';

/** Throws OptionError, which names the option, what it may be and what it was, unless it `fits`. */
export function checkOption(option: string, value: unknown, fits: boolean, expected: string): void {
  if (!fits) throw new OptionError(`${option}: expected ${expected}, got ${String(value)}`);
}

/**
 * Throws OptionError unless the value is a whole number from `least` to `most`, both included.
 *
 * @param because - What follows the range in the message: where it comes from.
 * @example
 * checkWhole('batch size', 0, 1); // batch size: expected a whole number of at least 1, got 0
 */
export function checkWhole(
  option: string,
  value: number,
  least: number,
  most = Infinity,
  because?: string,
): void {
  const fits = Number.isSafeInteger(value) && value >= least && value <= most;
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  checkOption(option, value, fits, `a whole number ${range}${because === undefined ? '' : ` ${because}`}`);
}

/** `checkWhole` for each of some options, the names of which follow `where`. */
export function checkWholes(where: string, options: Readonly<Record<string, number>>, least: number): void {
  for (const [name, value] of Object.entries(options)) checkWhole(`${where}${name}`, value, least);
}

/** Throws OptionError unless the value is a finite number above 0. */
export function checkPositive(option: string, value: number): void {
  checkOption(option, value, value > 0 && value < Infinity, 'a finite number above 0');
}

type Undefinable<T> = { [K in keyof T]: undefined extends T[K] ? K : never }[keyof T];

/**
 * The options without those that are undefined, which `exactOptionalPropertyTypes` tells from those left out.
 *
 * @example
 * batchNorm({ weight: 1, ...given({ name }) });
 */
export function given<T extends object>(
  options: T,
): Omit<T, Undefinable<T>> & { [K in Undefinable<T>]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof given<T>
  >;
}

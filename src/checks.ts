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
  checkOption(option, value, Number.isFinite(value) && value > 0, 'a finite number above 0');
}

/** `T` without fields that are there but undefined. */
export type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/**
 * An object without the fields that are there but undefined, which `exactOptionalPropertyTypes` tells from those left out.
 *
 * @example
 * batchNorm({ weight: 1, ...defined({ name }) });
 */
export function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

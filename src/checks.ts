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

/** The first name that has come before; undefined where each comes once. */
export function repeatedName(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.has(name) || !seen.add(name));
}

/** What is wrong with a normalisation, see `normalizationProblem`. */
export interface NormalizationProblem {
  readonly option: 'mean' | 'std';
  readonly expected: string;
  readonly got: readonly number[];
}

/**
 * What is wrong with numbers that pixel / 255 is to be normalised with, if anything: a mean that is not finite or above 1,
 * a standard deviation that is not in (0, 1], or another number of them than there are channels. No mean and no standard
 * deviation of values in [0, 1] exceeds 1: larger ones are those of pixels 0..255, and the problem names what they should be.
 */
export function normalizationProblem(
  { mean, std }: { readonly mean?: readonly number[]; readonly std?: readonly number[] },
  channels?: number,
): NormalizationProblem | undefined {
  const given = [
    { option: 'mean', values: mean, range: 'up to 1', fits: (x: number) => Number.isFinite(x) && x <= 1 },
    { option: 'std', values: std, range: 'above 0, up to 1', fits: (x: number) => x > 0 && x <= 1 },
  ] as const;
  for (const { option, values, range, fits } of given) {
    if (values === undefined) continue;
    if (values.every(fits) && (channels === undefined || values.length === channels)) continue;
    const how = channels === undefined ? 'numbers' : `${channels} numbers`;
    const each = channels === undefined ? '' : ', one for each channel';
    return { option, expected: `${how} ${range}${each}${dividedHint(given)}`, got: values };
  }
  return undefined;
}

/** The numbers divided by 255, where they are those of pixels 0..255. */
function dividedHint(
  given: readonly { readonly option: string; readonly values: readonly number[] | undefined }[],
): string {
  const of255 = given.filter(({ values }) => values?.some((x) => x > 1 && x <= 255));
  if (of255.length === 0) return '';
  const parts = of255.map(({ option, values = [] }) => {
    const divided = values.map((x) => Number((x / 255).toPrecision(4)));
    return `${option} ${divided.join(',')}`;
  });
  return ` (pixels are divided by 255 first; so divided, yours are ${parts.join(' and ')})`;
}

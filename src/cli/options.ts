import { OptionError, deviceNames, presetNames, type PresetName } from '../index.js';

/** What yargs passes for one option: nothing, a string, a flag, or several if it was repeated. */
export type Given = string | boolean | readonly (string | boolean)[] | undefined;

/** One option or positional argument: what `--help` says about it and how its text becomes a value. */
export interface Option<T> {
  readonly describe: string;
  /** Whether it stands alone, as `--json`. */
  readonly flag?: boolean;
  /** Its default as `--help` shows it. */
  readonly fallback?: string;
  readonly required?: boolean;
  readonly alias?: string;
  /** Heading under which `--help` shows it. */
  readonly group?: string;
  /** Throws OptionError for a value out of range; `name` is how the user writes the option. */
  readonly parse: (given: Given, name: string) => T;
}

/** Options by their names in camel case; on the command line they are in kebab case. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values of options. */
export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

const single = <T>(describe: string, parse: (text: string, name: string) => T): Option<T | undefined> => ({
  describe,
  parse(given, name) {
    if (given === undefined) return undefined;
    if (typeof given === 'object') throw new OptionError(`${name}: expected one value, got ${given.length}`);
    const text = String(given);
    if (text === '') throw new OptionError(`${name}: expected a value, got nothing`);
    return parse(text, name);
  },
});

/** Any text. */
export const text = (describe: string): Option<string | undefined> => single(describe, (value) => value);

/** A number that fits; the error says `expected` and repeats what was typed. */
const number = (
  describe: string,
  expected: string,
  fits: (value: number) => boolean,
): Option<number | undefined> =>
  single(describe, (typed, name) => {
    const value = /^[-+.\de]+$/i.test(typed) ? Number(typed) : NaN;
    if (!fits(value)) throw new OptionError(`${name}: expected ${expected}, got ${typed}`);
    return value;
  });

/** A whole number of at least `least`. */
export const whole = (describe: string, least: number): Option<number | undefined> =>
  number(
    describe,
    `a whole number of at least ${least}`,
    (value) => Number.isSafeInteger(value) && value >= least,
  );

/** A finite number above 0. */
export const positive = (describe: string): Option<number | undefined> =>
  number(describe, 'a finite number above 0', (value) => value > 0 && value < Infinity);

/** `--shuffle`, `--no-shuffle`. */
export const flag = (describe: string): Option<boolean | undefined> => ({
  describe,
  flag: true,
  parse: (given) =>
    given === undefined ? undefined : Boolean(typeof given === 'object' ? given.at(-1) : given),
});

/** One of a few words. */
export const choice = <T extends string>(describe: string, choices: readonly T[]): Option<T | undefined> =>
  single(describe, (typed, name) => {
    const found = choices.find((each) => each === typed);
    if (found === undefined) {
      throw new OptionError(`${name}: expected one of ${choices.join(', ')}, got ${typed}`);
    }
    return found;
  });

/** Words with commas between them, or the option repeated; each must be one of `choices`, where they are given. */
export const list = (
  describe: string,
  choices?: readonly string[],
): Option<readonly string[] | undefined> => ({
  describe,
  parse(given, name) {
    if (given === undefined) return undefined;
    const words = [given].flat().flatMap((part) =>
      String(part)
        .split(',')
        .map((word) => word.trim()),
    );
    const wrong = words.find((word) => word === '' || choices?.includes(word) === false);
    if (wrong === undefined) return words;
    const expected =
      choices === undefined ? 'words with commas between them' : `some of ${choices.join(', ')}`;
    throw new OptionError(`${name}: expected ${expected}, got ${wrong === '' ? 'an empty one' : wrong}`);
  },
});

/** Whole numbers of at least `least` with commas between them. */
export const wholes = (describe: string, least = 1): Option<readonly number[] | undefined> => ({
  describe,
  parse(given, name) {
    return list(describe)
      .parse(given, name)
      ?.map((word) => {
        const value = Number(word);
        if (/^\d+$/.test(word) && Number.isSafeInteger(value) && value >= least) return value;
        throw new OptionError(
          `${name}: expected whole numbers from ${least} with commas between them, got ${word}`,
        );
      });
  },
});

/** The same with a default. */
export const or = <T extends string | number | boolean>(
  option: Option<T | undefined>,
  value: T,
): Option<T> => ({
  ...option,
  ...(option.flag !== true && { fallback: String(value) }),
  parse: (given, name) => option.parse(given, name) ?? value,
});

/** The same, required. */
export const required = <T>(option: Option<T | undefined>): Option<T> => ({
  ...option,
  required: true,
  parse(given, name) {
    const value = option.parse(given, name);
    if (value === undefined) throw new OptionError(`${name}: expected a value, got nothing`);
    return value;
  },
});

/** Which execution providers to use. */
export const device = list(
  `execution provider; several in order of preference, with commas (${deviceNames.join(', ')})`,
  deviceNames,
);

/** A built-in network. */
export const preset: Option<PresetName | undefined> = {
  ...choice('built-in network: mnist-cnn, mnist-cnn-small, resnet18, resnet20-cifar, ...', presetNames),
};

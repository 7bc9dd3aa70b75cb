import * as v from 'valibot';
import { repeatedName } from './checks.js';
import { OptionError } from './errors.js';
import { nearest } from './suggest.js';

/*
 * The words that options are described in. A schema is the one place that knows an option: its type, its default, what it
 * may be and what it is for. The messages of valibot's issues say what was expected; `checked` adds the place and the value.
 */

export type Schema = v.GenericSchema;

/** What `--help` and the JSON Schema say of an option, and what a run that goes on must keep. */
export interface Meta {
  /** Its flag where that is not its name in kebab case; `false`: none. */
  readonly flag?: string | false;
  /** Heading under which `--help` shows it. */
  readonly group?: string;
  /** Its default as `--help` shows it, where it is no constant. */
  readonly fallback?: string;
  /** How the command line writes it, where that is not as its kind is written. */
  readonly read?: (text: string) => unknown;
  /** Whether it is a list of names of the user's own, which may hold commas, or lie in a file. */
  readonly names?: boolean;
  /** Whether a run that stopped within an epoch needs the same value to go on with the same batches. */
  readonly order?: boolean;
  /** Whether it is said of one stretch of a run, so that one that goes on does not keep it. */
  readonly once?: boolean;
  /** Whether it says where a run goes on or lies, which makes no other model. */
  readonly here?: boolean;
}

/** What a number may be. */
interface Range {
  readonly whole?: boolean;
  readonly min?: number;
  readonly max?: number;
  /** A value that must be exceeded. */
  readonly above?: number;
  /** A value that must not be reached. */
  readonly below?: number;
}

function spoken({ whole: isWhole = false, min, max, above, below }: Range): string {
  const least = min ?? above;
  const most = max ?? below;
  if (least !== undefined && most !== undefined) {
    const what = isWhole ? 'a whole number' : 'a number';
    if (min !== undefined && max !== undefined) return `${what} from ${min} to ${max}`;
    return `${what} in ${min === undefined ? '(' : '['}${least}, ${most}${max === undefined ? ')' : ']'}`;
  }
  const what = isWhole ? 'a whole number' : 'a finite number';
  return least === undefined ? what : `${what} ${min === undefined ? 'above' : 'of at least'} ${least}`;
}

/** A finite number in a range. */
export function number(range: Range = {}): v.GenericSchema<number> {
  const message = spoken(range);
  const { whole: isWhole = false, min, max, above, below } = range;
  const actions: v.GenericPipeAction<number>[] = [isWhole ? v.safeInteger(message) : v.finite(message)];
  if (min !== undefined) actions.push(v.minValue(min, message));
  if (max !== undefined) actions.push(v.maxValue(max, message));
  if (above !== undefined) actions.push(v.gtValue(above, message));
  if (below !== undefined) actions.push(v.ltValue(below, message));
  return v.pipe(v.number(message), ...(actions as [v.GenericPipeAction<number>]));
}

/** A whole number of at least `min`. */
export const whole = (min: number): v.GenericSchema<number> => number({ whole: true, min });

/** A finite number above 0. */
export const positive = (): v.GenericSchema<number> => number({ above: 0 });

/** A finite number of at least 0. */
export const fromZero = (): v.GenericSchema<number> => number({ min: 0 });

export const flag = (): v.GenericSchema<boolean> => v.boolean('true or false');

/** A text that is not empty. */
export const text = (): v.GenericSchema<string> => v.pipe(v.string('a text'), v.nonEmpty('a text'));

/** One of a few words. */
export const oneOf = <const T extends readonly string[]>(words: T): v.GenericSchema<T[number]> =>
  v.picklist(words, `one of ${words.join(', ')}`);

/** Any number of them. */
export const list = <T>(item: v.GenericSchema<T>, message = 'a list'): v.GenericSchema<readonly T[]> =>
  v.pipe(v.array(item, message), v.readonly());

/** Names, each once. */
export const names = (message: string): v.GenericSchema<readonly string[]> =>
  v.pipe(
    list(text(), message),
    v.rawCheck(({ dataset, addIssue }) => {
      const twice = dataset.typed ? repeatedName(dataset.value) : undefined;
      if (twice !== undefined) addIssue({ message: `${message}, each once (${shown(twice)} comes twice)` });
    }),
  );

/** Several in an order, as many as there are schemas. */
export const tuple = <const S extends v.TupleItems>(
  items: S,
  message: string,
): v.GenericSchema<{ readonly [I in keyof S]: v.InferOutput<S[I]> }> => v.strictTuple(items, message);

/** A plain object with these fields and no others. */
export const object = <const E extends v.ObjectEntries>(entries: E) => {
  const names = Object.keys(entries);
  const schema = v.strictObject(entries, ({ expected, path }) => {
    if (path === undefined) return `an object with ${names.join(', ')}`;
    const key = String(path.at(-1)?.key);
    if (expected !== 'never') return expectedBy(entries[key]);
    const meant = nearest(key, names);
    return (
      unknown + (meant === undefined ? `expected some of ${names.join(', ')}` : `did you mean ${meant}?`)
    );
  });
  const run = schema['~run'].bind(schema);
  // To valibot an array is an object, too.
  const refused = (value: unknown): unknown => (Array.isArray(value) ? JSON.stringify(value) : value);
  return v.pipe(
    {
      ...schema,
      '~run': (dataset, config) => run({ value: refused(dataset.value) }, config),
    } as typeof schema,
    v.readonly(),
  );
};

const unknown = '\0';

/** One of several objects, told apart by the word under `key`. */
export const variant = <const K extends string, const O extends v.VariantOptions<K>>(key: K, options: O) =>
  v.variant(key, options, ({ path }) =>
    path === undefined ? `an object with ${key}` : `one of ${wordsOf(key, options).join(', ')}`,
  );

/** The words that tell the objects of a `variant` apart. */
export function wordsOf(key: string, options: readonly object[]): readonly string[] {
  return (options as readonly { readonly entries: v.ObjectEntries }[]).map(
    ({ entries }) => (entries[key] as v.LiteralSchema<string, undefined>).literal,
  );
}

/** One of several kinds of value; `kindOf` says which one a value is meant to be, so that errors name its parts. */
export const either = <const O extends v.UnionOptions>(options: O, kindOf: (value: unknown) => O[number]) => {
  const schema = v.union(options);
  return {
    ...schema,
    '~run': (dataset, config) => kindOf(dataset.value)['~run'](dataset, config),
  } as typeof schema;
};

/** A field with what it is for. */
export const said = <S extends Schema>(schema: S, help: string, meta: Meta = {}) =>
  v.pipe(schema, v.description(help), v.metadata({ ...meta }));

/** A field that may be left out, with its default if it has one. */
export const optional = v.exactOptional;

function expectedBy(schema: Schema | undefined): string {
  return (schema && v.safeParse(schema, undefined).issues?.[0].message) ?? 'a value';
}

/**
 * The value with its defaults, if it fits the schema. Throws OptionError that says where, what was expected and what came.
 *
 * @param where - What the value is part of: a file, or nothing.
 */
export function checked<S extends Schema>(schema: S, value: unknown, where = ''): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [{ message, path, input }] = result.issues;
  const isUnknown = message.startsWith(unknown);
  const keys = (path ?? []).map(({ key }) => key);
  const key = isUnknown ? String(keys.pop()) : '';
  const place = keys.reduce<string>(
    (at, each) =>
      typeof each === 'number' ? `${at}[${each}]` : at === '' ? String(each) : `${at}.${String(each)}`,
    '',
  );
  const at = place.startsWith('[') ? where + place : [where, place].filter((part) => part !== '').join(': ');
  throw new OptionError(
    (at === '' ? '' : `${at}: `) +
      (isUnknown ? `unknown option ${key}; ${message.slice(1)}` : `expected ${message}, got ${shown(input)}`),
  );
}

/** A value as errors show it. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text =
    typeof value === 'number'
      ? String(value)
      : ((JSON.stringify(value) as string | undefined) ?? `a ${typeof value}`);
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}

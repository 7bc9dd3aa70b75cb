import * as v from 'valibot';
import { defined } from '../checks.js';
import { OptionError } from '../errors.js';
import { checked, shown, wordsOf, type Meta, type Schema } from '../schema.js';
import { runSchema, type RunSpec } from '../train/spec/run.js';
import { kebab } from './command.js';
import { names as namesOption } from './names-option.js';
import {
  flag as flagOption,
  list as wordsOption,
  text as textOption,
  type Option,
  type Options,
} from './options.js';

/** One flag of the command line and the field of a run that it sets. */
export interface SpecFlag {
  readonly name: string;
  readonly path: readonly string[];
  readonly option: Option<unknown>;
  /** Of an optimizer or scheduler: the kinds that have it. */
  readonly kinds?: readonly string[];
}

/** A schema as it stands in an object: wrapped with its default, description and so on. */
interface Field extends Schema {
  readonly wrapped?: Field;
  readonly default?: unknown;
  readonly entries?: v.ObjectEntries;
  readonly options?: readonly Field[];
  readonly key?: string;
  readonly item?: Field;
}

/** The flags of all fields of an object. */
function flagsIn(entries: v.ObjectEntries, path: readonly string[], above: Meta): SpecFlag[] {
  return Object.entries(entries).flatMap(([name, field]) => flagsOf(field as Field, [...path, name], above));
}

function flagsOf(field: Field, path: readonly string[], above: Meta): SpecFlag[] {
  const schema = field.wrapped ?? field;
  const meta = { ...defaultOf(field), ...(v.getMetadata(schema as never) as Meta) };
  const { group = above.group } = meta;
  if (meta.flag === false) return [];
  if (schema.entries !== undefined)
    return flagsIn(schema.entries, path, { ...(group !== undefined && { group }) });
  const help = v.getDescription(schema) ?? '';
  const name = meta.flag ?? path.at(-1) ?? '';
  const around = {
    ...(group !== undefined && { group }),
    ...(meta.fallback !== undefined && { fallback: meta.fallback }),
  };
  if (schema.options !== undefined && schema.key !== undefined && meta.read === undefined) {
    const kinds = { name, path: [...path, schema.key], option: wordOption(schema.key, schema.options, help) };
    return [
      { ...kinds, option: { ...kinds.option, ...around } },
      ...variantFlags(schema.key, schema.options, path, around),
    ];
  }
  const inner = (schema.options ?? []).flatMap(({ entries }) =>
    entries === undefined || schema.key !== undefined ? [] : flagsIn(entries, path, defined({ group })),
  );
  return [{ name, path, option: { ...optionFor(schema, help, meta), ...around } }, ...inner];
}

/** Flags of the fields of a variant's objects, each once, with the kinds that have it. */
export function variantFlags(
  key: string,
  options: readonly object[],
  path: readonly string[],
  around: Meta,
): SpecFlag[] {
  const found = new Map<string, SpecFlag>();
  const all = wordsOf(key, options);
  for (const [i, option] of (options as readonly Field[]).entries()) {
    const { [key]: _, ...entries } = option.entries ?? {};
    for (const each of flagsIn(entries, path, around)) {
      const before = found.get(each.name);
      found.set(each.name, { ...(before ?? each), kinds: [...(before?.kinds ?? []), all[i] ?? ''] });
    }
  }
  return [...found.values()].map((each) => {
    const { fallback: _, ...option } = each.option;
    const of = each.kinds?.length === all.length ? '' : `${each.kinds?.join(', ') ?? ''}: `;
    return { ...each, option: { ...option, describe: of + option.describe } };
  });
}

function defaultOf({ default: value }: Field): Meta {
  if (value !== true && typeof value !== 'string' && typeof value !== 'number') return {};
  return { fallback: value === true ? 'on' : String(value) };
}

function wordOption(key: string, options: readonly object[], help: string): Option<unknown> {
  const words = wordsOf(key, options);
  return parsed(textOption(help), (typed, name) => {
    if (words.includes(typed as string)) return typed;
    throw new OptionError(`${name}: expected one of ${words.join(', ')}, got ${shown(typed)}`);
  });
}

/** How the command line writes a kind of value. */
function optionFor(schema: Field, help: string, { read, names }: Meta): Option<unknown> {
  const { type, options = [], item } = schema;
  const fits = (value: unknown, name: string): unknown => checked(schema, value, name);
  if (read !== undefined) return parsed(textOption(help), (typed, name) => fits(read(String(typed)), name));
  if (names === true) return parsed(namesOption(help), fits);
  if (type === 'boolean' || options.some((each) => each.type === 'boolean')) return flagOption(help);
  if (type === 'array' || type === 'strict_tuple') {
    const ofNumbers = item === undefined || item.type === 'number';
    return parsed(wordsOption(help), (words, name) =>
      fits((words as readonly string[]).map(ofNumbers ? numberIn : String), name),
    );
  }
  return parsed(textOption(help), (typed, name) =>
    fits(type === 'number' ? numberIn(String(typed)) : typed, name),
  );
}

/** A number, or the text if it is not one, for the schema to refuse. */
function numberIn(typed: string): unknown {
  return /^[-+.\de]+$/i.test(typed) && !Number.isNaN(Number(typed)) ? Number(typed) : typed;
}

function parsed(option: Option<unknown>, then: (value: unknown, name: string) => unknown): Option<unknown> {
  return {
    ...option,
    parse(given, name) {
      const value = option.parse(given, name);
      return value === undefined ? undefined : then(value, name);
    },
  };
}

/** All flags of a run's schema but those of its scheduler. */
const specFlags = flagsIn(runSchema.entries, [], {});

/** The options of some fields of a run, by the names of their flags. */
export function optionsOf(...fields: readonly (keyof RunSpec)[]): Options {
  return Object.fromEntries(
    specFlags
      .filter(({ path: [field] }) => fields.includes(field as keyof RunSpec))
      .map(({ name, option }) => [name, option]),
  );
}

/** The options of all fields of a run. */
export const allOptions = optionsOf(...(Object.keys(runSchema.entries) as (keyof RunSpec)[]));

/** The run that the flags give: `base` with their changes. Throws OptionError for one that the optimizer does not have. */
export function specFrom(args: Readonly<Record<string, unknown>>, base: RunSpec = {}): RunSpec {
  let spec: Fields = { ...base };
  if (args['optimizer'] !== undefined && args['optimizer'] !== base.optimizer?.kind)
    spec = { ...spec, optimizer: {} };
  for (const { name, path, kinds } of specFlags) {
    if (args[name] === undefined) continue;
    if (kinds !== undefined) {
      const { kind = 'adam' } = (spec['optimizer'] ?? {}) as { readonly kind?: string };
      if (!kinds.includes(kind)) {
        throw new OptionError(
          `--${kebab(name)}: it belongs to ${kinds.join(' and ')}, got the optimizer ${kind}`,
        );
      }
      spec = withValue(spec, ['optimizer', 'kind'], kind);
    }
    spec = withValue(spec, path, args[name]);
  }
  return spec;
}

type Fields = Readonly<Record<string, unknown>>;

function withValue(fields: Fields, [first = '', ...rest]: readonly string[], value: unknown): Fields {
  const before = fields[first] ?? {};
  if (rest.length > 0 && (typeof before !== 'object' || Array.isArray(before))) {
    throw new OptionError(
      `--${kebab(first)}: expected it or --${kebab(rest.join('-'))} of it, got both ${shown(before)} and ${shown(value)}`,
    );
  }
  const inner = rest.length === 0 ? value : withValue(before as Fields, rest, value);
  return { ...fields, [first]: inner };
}

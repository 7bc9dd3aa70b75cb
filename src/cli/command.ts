import type { Io } from './io.js';
import type { Option, Options, Values } from './options.js';

/** A command as the parser sees it. */
export interface Command {
  readonly name: string;
  /** With its positional arguments: `evaluate <model>`. */
  readonly usage: string;
  readonly describe: string;
  readonly positionals: Options;
  readonly options: Options;
  /** Command lines (without `ort-train`) and what they do. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly run: (args: Readonly<Record<string, unknown>>, io: Io) => Ended;
}

/** The end of a command: an exit status other than 0 where it has told of mistakes itself and gone on. */
export type Ended = Promise<void> | Promise<number>;

/** What every command takes, and the values of flags that come from a schema. */
export interface CommonValues {
  readonly json: boolean;
  readonly [flag: string]: unknown;
}

/** Ties the types of a command's options to what its `run` receives. */
export function defineCommand<P extends Options, O extends Options>(
  command: Omit<Command, 'positionals' | 'options' | 'run'> & {
    readonly positionals: P;
    readonly options: O;
    readonly run: (args: Values<P> & Values<O> & CommonValues, io: Io) => Ended;
  },
): Command {
  return { ...command, run: (args, io) => command.run(args as Values<P> & Values<O> & CommonValues, io) };
}

/** Puts options under one heading of `--help`. */
export function grouped<O extends Options>(group: string, options: O): O {
  const entries = Object.entries(options).map(([name, option]): [string, Option<unknown>] => [
    name,
    { ...option, group },
  ]);
  return Object.fromEntries(entries) as O;
}

/** `batchSize` -> `batch-size`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

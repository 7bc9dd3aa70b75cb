import yargs, { type Argv } from 'yargs';
import { OptionError, version } from '../index.js';
import { kebab, type Command, type Ended } from './command.js';
import { widthOf, type Io } from './io.js';
import type { Given, Option, Options } from './options.js';
import { nearest } from '../suggest.js';

/** A command line that cannot be understood; `command` is the one whose help to read. */
export class UsageError extends OptionError {
  constructor(
    message: string,
    readonly command?: string,
  ) {
    super(message);
  }
}

/** What a command line asks for: text (help, version), or a command to run. */
export type Parsed = { readonly text: string } | { readonly run: (io: Io) => Ended };

/** Parses a command line. Throws UsageError, or OptionError for a value out of range. */
export async function parse(commands: readonly Command[], argv: readonly string[], io: Io): Promise<Parsed> {
  let selected: Parsed | undefined;
  let output = '';
  const parser = yargs()
    .scriptName('ort-train')
    .usage('$0 <command> [options]\n\nTrains residual networks on the stock ONNX Runtime.')
    .parserConfiguration({ 'parse-numbers': false, 'parse-positional-numbers': false, 'dot-notation': false })
    .locale('en')
    .strict()
    .exitProcess(false)
    .fail(false)
    .wrap(Math.min(widthOf(io.stdout), 110))
    .version(version)
    .alias({ help: 'h', version: 'V' })
    .demandCommand(1, 'no command')
    .options({
      json: { type: 'boolean', describe: 'print one JSON object a line, nothing else' },
      debug: { type: 'boolean', describe: 'show stack traces of errors' },
    })
    .epilogue(
      'Exit status: 0; 2 for a mistake in what was asked; 1 for a failure of ort-train; 130 when interrupted (143 by SIGTERM).',
    );
  for (const command of commands) {
    parser.command(
      command.usage,
      command.describe,
      (y) => build(y, command),
      (argv) => {
        selected = { run: (to) => command.run(valuesOf(command, argv), to) };
      },
    );
  }
  try {
    await parser.parseAsync([...argv], {}, (_error: unknown, _argv: unknown, text: string) => {
      output = text;
    });
  } catch (error) {
    throw usageError(error, commands, argv);
  }
  return output === '' && selected !== undefined ? selected : { text: `${output}\n` };
}

function build(y: Argv, { name, positionals, options, examples, describe }: Command): Argv {
  y.usage(`$0 ${name}\n\n${describe}.`);
  for (const [key, { describe }] of Object.entries(positionals)) {
    y.positional(kebab(key), { describe, type: 'string' });
  }
  for (const [key, option] of Object.entries(options)) {
    y.option(kebab(key), {
      describe: option.describe,
      ...(option.flag === true ? { type: 'boolean' } : { requiresArg: true }),
      ...(option.fallback !== undefined && { defaultDescription: option.fallback }),
      ...(option.required === true && { demandOption: true }),
      ...(option.alias !== undefined && { alias: option.alias }),
      group: option.group ?? 'Main:',
    });
  }
  return y.example(examples.map(([line, what]): [string, string] => [`$0 ${line}`, what]));
}

function valuesOf(
  { positionals, options }: Command,
  argv: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const read = (of: Options, prefix: string): [string, unknown][] =>
    Object.entries(of).map(([key, option]: [string, Option<unknown>]) => [
      key,
      option.parse(argv[kebab(key)] as Given, `${prefix}${kebab(key)}`),
    ]);
  return {
    json: argv['json'] === true,
    ...Object.fromEntries([...read(positionals, ''), ...read(options, '--')]),
  };
}

/** What yargs complains about, in our words and with a suggestion. */
function usageError(error: unknown, commands: readonly Command[], argv: readonly string[]): UsageError {
  const message = error instanceof Error ? error.message : String(error);
  const words = argv.filter((word) => !word.startsWith('-'));
  const command = commands.find(({ name }) => name === words[0]);
  const names = commands.map(({ name }) => name);
  if (command === undefined) {
    const [typed] = words;
    if (typed === undefined && !message.startsWith('Unknown')) {
      return new UsageError(`expected a command, one of ${names.join(', ')}`);
    }
    if (typed !== undefined) {
      const meant = nearest(typed, names);
      const hint = meant === undefined ? `expected one of ${names.join(', ')}` : `did you mean ${meant}?`;
      return new UsageError(`unknown command ${typed}; ${hint}`);
    }
    return new UsageError(message);
  }
  const unknown = /^Unknown arguments?: (.*)$/s.exec(message)?.[1]?.split(', ')[0];
  if (unknown !== undefined) {
    const typed = argv.find((word) => word === `--${unknown}` || word.startsWith(`--${unknown}=`));
    if (typed === undefined) {
      const place = Object.keys(command.positionals).length === 0 ? 'no argument' : `${command.usage} only`;
      return new UsageError(`unexpected argument ${unknown}; expected ${place}`, command.name);
    }
    const meant = nearest(kebab(unknown), ['json', 'help', ...Object.keys(command.options).map(kebab)]);
    return new UsageError(
      `unknown option --${unknown}${meant === undefined ? '' : `; did you mean --${meant}?`}`,
      command.name,
    );
  }
  const lacking = /^Not enough arguments following: (.*)$/s.exec(message)?.[1];
  if (lacking !== undefined)
    return new UsageError(`--${lacking}: expected a value, got nothing`, command.name);
  const missing = /^Missing required arguments?: (.*)$/s.exec(message)?.[1];
  if (missing !== undefined) {
    return new UsageError(
      `--${missing.replaceAll(', ', ', --')}: expected a value, got nothing`,
      command.name,
    );
  }
  if (message.startsWith('Not enough non-option arguments')) {
    return new UsageError(`expected ort-train ${command.usage}`, command.name);
  }
  return new UsageError(message, command.name);
}

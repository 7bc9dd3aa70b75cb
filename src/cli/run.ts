import { AbortedError, OrtTrainError, UserError } from '../index.js';
import type { Command } from './command.js';
import { artifacts } from './commands/artifacts.js';
import { compare } from './commands/compare.js';
import { dataCommand } from './commands/data.js';
import { doctor } from './commands/doctor.js';
import { evaluate } from './commands/evaluate.js';
import { exportCommand } from './commands/export.js';
import { graph } from './commands/graph.js';
import { predict } from './commands/predict.js';
import { train } from './commands/train.js';
import { Interruption, note, writeJson, type Io } from './io.js';
import { parse, UsageError } from './parse.js';

const commands: readonly Command[] = [
  train,
  dataCommand,
  evaluate,
  predict,
  exportCommand,
  artifacts,
  graph,
  compare,
  doctor,
];

/**
 * Runs one command line (without `node` and the script) and returns its exit status: 0; 2 for a user's mistake; 1 for
 * our own failure; 130 (SIGINT) or 143 (SIGTERM) when interrupted. Never throws.
 *
 * @example
 * process.exitCode = await run(['train', '--epochs', '1'], processIo());
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const options = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const json = options.includes('--json') || options.includes('--json=true');
  const debug = options.includes('--debug') || (io.env['ORT_TRAIN_DEBUG'] ?? '') !== '';
  try {
    const parsed = await parse(commands, argv, io);
    if ('text' in parsed) {
      io.stdout.write(parsed.text);
      return 0;
    }
    return (await parsed.run(io)) ?? 0;
  } catch (error) {
    const status = statusOf(error);
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof OrtTrainError ? error.code : isInterrupted(error) ? 'aborted' : 'internal';
    if (json) writeJson(io, { event: 'error', code, message, ...detailsOf(error) });
    else note(io, humanText(error, message, status));
    if (debug && error instanceof Error) io.stderr.write(`${traceOf(error)}\n`);
    return status;
  }
}

function statusOf(error: unknown): number {
  if (isInterrupted(error)) return interruptionIn(error)?.status ?? 130;
  return error instanceof UserError ? 2 : 1;
}

function isInterrupted(error: unknown): boolean {
  return error instanceof AbortedError || error instanceof Interruption;
}

/** The interruption that caused an error. */
function interruptionIn(error: unknown): Interruption | undefined {
  if (error instanceof Interruption) return error;
  return error instanceof Error ? interruptionIn(error.cause) : undefined;
}

/** Fields beyond code and message that an error carries for machines. */
function detailsOf(error: unknown): Readonly<Record<string, unknown>> {
  return error instanceof Error && 'details' in error && typeof error.details === 'object'
    ? { ...error.details }
    : {};
}

function humanText(error: unknown, message: string, status: number): string {
  if (error instanceof UsageError) {
    const help = `ort-train ${error.command === undefined ? '' : `${error.command} `}--help`;
    return `error: ${message}\nsee ${help}`;
  }
  if (status !== 1) return isInterrupted(error) ? message : `error: ${message}`;
  return `error: ${message}\nThis is a failure of ort-train; --debug shows where it happened.`;
}

function traceOf(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by: ${traceOf(error.cause)}` : stack;
}

import { OptionError } from '../../errors.js';
import { checkOptimizer } from '../../optim/index.js';
import { schedulerFrom } from '../schedulers/index.js';
import { checkRun, runFormat, type RunSpec } from './run.js';

/**
 * The run that a file describes. Throws OptionError, naming `where` and the field, for text that is not JSON, has another
 * format, or has fields that are unknown or out of range.
 *
 * @example
 * const run = parseRun('{ "preset": "mnist-cnn", "epochs": 3 }', 'run.json');
 */
export function parseRun(text: string, where: string): RunSpec {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new OptionError(
      `${where}: expected JSON (${cause instanceof Error ? cause.message : String(cause)})`,
      { cause },
    );
  }
  const { format = runFormat } = (value ?? {}) as { readonly format?: unknown };
  if (format !== runFormat) {
    const old = format === 'ort-train-run/1' ? ', which version 0.1.0 wrote' : '';
    throw new OptionError(
      `${where}: expected a run of format ${runFormat}, got ${JSON.stringify(format)}${old}; ` +
        'describe the run anew, and start from the weights of its checkpoint.safetensors (init)',
    );
  }
  const spec = checkRun(value, where);
  try {
    if (spec.scheduler) schedulerFrom(spec.scheduler);
    if (spec.optimizer) checkOptimizer(spec.optimizer);
  } catch (cause) {
    throw cause instanceof OptionError ? new OptionError(`${where}: ${cause.message}`, { cause }) : cause;
  }
  return spec;
}

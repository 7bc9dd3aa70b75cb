import { OptionError } from '../errors.js';
import type { CrossEntropyOptions } from '../models/index.js';
import type { OptimizerOptions } from '../optim/index.js';

const optimizerKinds: readonly string[] = ['adam', 'adamw', 'sgd'] satisfies OptimizerOptions['kind'][];
const reductions: readonly string[] = ['mean', 'sum'] satisfies CrossEntropyOptions['reduction'][];

/**
 * Throws OptionError for an optimizer or a loss that does not exist: the types say it, but JavaScript and checkpoints do
 * not ask them, and another optimizer than the one asked for would train in silence.
 */
export function checkChoices(optimizer: OptimizerOptions, loss: CrossEntropyOptions = {}): void {
  const kind: unknown = (optimizer as Partial<OptimizerOptions> | null | undefined)?.kind;
  if (!optimizerKinds.includes(String(kind))) {
    throw new OptionError(
      `optimizer: kind: expected one of ${optimizerKinds.join(', ')}, got ${JSON.stringify(kind)}`,
    );
  }
  const { betas } = optimizer as { readonly betas?: unknown };
  if (betas !== undefined && !(Array.isArray(betas) && betas.length === 2)) {
    throw new OptionError(
      `optimizer ${String(kind)}: betas: expected two numbers, got ${JSON.stringify(betas)}`,
    );
  }
  const { reduction = 'mean', labelSmoothing = 0 } = loss;
  if (!reductions.includes(reduction)) {
    throw new OptionError(`loss: reduction: expected one of ${reductions.join(', ')}, got '${reduction}'`);
  }
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new OptionError(`loss: labelSmoothing: expected a number from 0 to 1, got ${labelSmoothing}`);
  }
}

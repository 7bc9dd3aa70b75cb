import { OptionError } from '../errors.js';
import type { Value } from '../ir/index.js';
import type { Builder } from '../ops/index.js';

/** Throws OptionError for a largest norm that no gradient can be scaled to. */
export function checkClipNorm(maxNorm: number): void {
  if (typeof maxNorm === 'number' && maxNorm > 0 && maxNorm < Infinity) return;
  throw new OptionError(`clip norm: expected a finite number above 0, got ${String(maxNorm)}`);
}

/**
 * A flat gradient [P], scaled so that its L2 norm is at most `maxNorm`:
 *
 *     g min(1, maxNorm / (|g| + 1e-6))
 *
 * A norm that is not finite makes it 0 or NaN, as there. Source:
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 *
 * @example
 * const next = optimizerStep(b, optimizer, { params, grad: clipByNorm(b, grad, 1), slots, lr, step });
 */
export function clipByNorm(b: Builder, grad: Value, maxNorm: number): Value {
  checkClipNorm(maxNorm);
  return b.scope('clip', () => {
    const norm = b.sqrt(b.reduceSum(b.mul(grad, grad), [0]), 'norm');
    const scale = b.div(maxNorm, b.add(norm, 1e-6));
    // Not Min, whose answer to NaN is each device's own.
    return b.mul(grad, b.where(b.greater(scale, 1), 1, scale, 'scale'));
  });
}

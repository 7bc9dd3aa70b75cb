import { checkPositive } from '../checks.js';
import type { Value } from '../ir/index.js';
import type { Builder } from '../ops/index.js';

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
  checkPositive('clip norm', maxNorm);
  return b.scope('clip', () => {
    const norm = b.sqrt(b.reduceSum(b.mul(grad, grad), [0]), 'norm');
    const scale = b.div(maxNorm, b.add(norm, 1e-6));
    // Not Min, whose answer to NaN is each device's own.
    return b.mul(grad, b.where(b.greater(scale, 1), 1, scale, 'scale'));
  });
}

import type { InferInput } from 'valibot';
import { ShapeError } from '../errors.js';
import { formatType, tensorOf, type Value } from '../ir/index.js';
import type { Builder } from '../ops/index.js';
import { number, object, oneOf, optional, said } from '../schema.js';

/** Options of `crossEntropy`. */
export const lossSchema = object({
  reduction: optional(
    said(oneOf(['mean', 'sum']), 'mean over the batch, or sum', { flag: 'lossReduction' }),
    'mean',
  ),
  labelSmoothing: optional(
    said(number({ min: 0, max: 1 }), "share of the target's probability spread evenly over all classes"),
    0,
  ),
});

/** How the loss is computed: its `reduction` over the batch (mean unless given) and `labelSmoothing` (0 unless given). */
export type CrossEntropyOptions = InferInput<typeof lossSchema>;

/**
 * Cross-entropy of logits [N,C] and class indices [N] (int32), or probabilities of the classes [N,C] (float32), a scalar:
 * -sum(q log softmax(logits)), with q the one-hot target or the probabilities, smoothed: (1 - e) q + e / C. Equals PyTorch's
 * `F.cross_entropy`, which takes either, too.
 *
 * @example
 * const loss = crossEntropy(b, logits, b.input('target', 'int32', ['N']));
 */
export function crossEntropy(
  b: Builder,
  logits: Value,
  target: Value,
  options: CrossEntropyOptions = {},
): Value {
  const { reduction = 'mean', labelSmoothing: e = 0 } = options;
  const [n, classes] = logits.shape;
  const isSoft = target.shape.length === 2;
  const fits = target.shape[0] === n && (isSoft ? target.shape[1] === classes : target.shape.length === 1);
  if (logits.shape.length !== 2 || n === undefined || typeof classes !== 'number' || !fits) {
    throw new ShapeError(
      `crossEntropy: expected [N,C] and [N] or [N,C], got ${formatType(logits)} and ${formatType(target)}`,
    );
  }
  return b.scope('loss', () => {
    const hot = isSoft ? target : oneHot(b, target, classes);
    const soft = e === 0 ? hot : b.add(b.mul(hot, 1 - e), e / classes);
    const each = b.neg(b.reduceSum(b.mul(soft, b.logSoftmax(logits, 1)), [1]));
    return reduction === 'mean' ? b.reduceMean(each, [0]) : b.reduceSum(each, [0]);
  });
}

/** How many rows of logits [N,C] have their maximum at the target [N] (int32): a float32 scalar. */
export function countCorrect(b: Builder, logits: Value, target: Value): Value {
  return b.scope('accuracy', () => {
    const hits = b.equal(b.cast(b.argMax(logits, 1), target.dtype), target);
    return b.reduceSum(b.cast(hits, 'float32'), [0]);
  });
}

/** [N] -> [N,C]: 1 where the column is the target. */
function oneHot(b: Builder, target: Value, classes: number): Value {
  const columns = Array.from({ length: classes }, (_, i) => i);
  const row = b.constant(tensorOf(target.dtype, [1, classes], columns), 'classes');
  return b.cast(b.equal(b.reshape(target, [target.shape[0] ?? 1, 1]), row), 'float32');
}

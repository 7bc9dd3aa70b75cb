import { ShapeError } from '../errors.js';
import { formatType, type Dim } from '../ir/index.js';
import { filled } from './attributes.js';
import { defineOp } from './define.js';

/** Axis i of the result is axis perm[i] of x. */
export const transpose = defineOp<1, { readonly perm: readonly number[] }>({
  name: 'Transpose',
  arity: 1,
  attributes: { perm: filled(([x]) => x?.shape.map((_, axis) => axis).toReversed()) },
  infer([x], { perm }) {
    const isPermutation =
      perm.length === x.shape.length && perm.toSorted((a, b) => a - b).every((p, i) => p === i);
    if (!isPermutation) {
      throw new ShapeError(
        `Transpose: expected a permutation of the axes of ${formatType(x)}, got [${perm.join(',')}]`,
      );
    }
    return [{ dtype: x.dtype, shape: perm.map((axis): Dim => x.shape[axis] ?? 1) }];
  },
  gradient({ b, dy, attrs: { perm } }) {
    const inverse = perm.map((_, axis) => perm.indexOf(axis));
    return [b.transpose(dy, inverse)];
  },
});

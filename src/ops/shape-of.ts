import { only } from './attributes.js';
import { defineOp } from './define.js';

/** Shape of x at run time, int64 [rank]. */
export const shapeOf = defineOp<1>({
  name: 'Shape',
  arity: 1,
  // No `end`, which has no default.
  attributes: { start: only(0) },
  infer: ([x]) => [{ dtype: 'int64', shape: [x.shape.length] }],
  gradient: { none: 'shapes are integers' },
});

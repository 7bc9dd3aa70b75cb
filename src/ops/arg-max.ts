import { normaliseAxis } from '../ir/index.js';
import { filled, only } from './attributes.js';
import { defineOp } from './define.js';
import { keptShape } from './reduce-shape.js';

/** int64 index of the first maximum along `axis`, of which `keepdims` 1 leaves a 1. */
export const argMax = defineOp<1, { readonly axis: number; readonly keepdims: 0 | 1 }>({
  name: 'ArgMax',
  arity: 1,
  attributes: {
    axis: filled(0),
    keepdims: filled(1, { among: [0, 1] }),
    select_last_index: only(0),
  },
  infer([x], { axis, keepdims }) {
    const at = normaliseAxis(axis, x.shape.length, 'ArgMax');
    const shape = keepdims === 1 ? keptShape(x.shape, [at]) : x.shape.filter((_, i) => i !== at);
    return [{ dtype: 'int64', shape }];
  },
  gradient: { none: 'the result is an index' },
});

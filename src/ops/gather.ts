import { ShapeError } from '../errors.js';
import { normaliseAxis } from '../ir/index.js';
import { filled } from './attributes.js';
import { defineOp } from './define.js';
import { expectDType } from './expect.js';

/** Picks the entries of x at the integer `indices` along `axis`. */
export const gather = defineOp<2, { readonly axis: number }>({
  name: 'Gather',
  arity: 2,
  attributes: { axis: filled(0) },
  infer([x, indices], { axis }) {
    expectDType('Gather', indices, 'int64', 'int32');
    if (x.shape.length === 0) throw new ShapeError('Gather: expected at least one dimension, got a scalar');
    const at = normaliseAxis(axis, x.shape.length, 'Gather');
    return [{ dtype: x.dtype, shape: [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)] }];
  },
  gradient: { refuse: 'ort-train gathers only shapes; select with slice, or multiply by a mask' },
});

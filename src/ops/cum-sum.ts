import { filled, only } from './attributes.js';
import { defineOp } from './define.js';
import { expectDType } from './expect.js';

/** Running sum along the axis that the second input, an int64 scalar, names; `exclusive` 1 leaves the entry itself out. */
export const cumSum = defineOp<2, { readonly exclusive: 0 | 1 }>({
  name: 'CumSum',
  arity: 2,
  attributes: { exclusive: filled(0, { among: [0, 1] }), reverse: only(0) },
  infer([x, axis]) {
    expectDType('CumSum', axis, 'int64', 'int32');
    return x.shape;
  },
  gradient: { refuse: 'ort-train only counts positions with it' },
});

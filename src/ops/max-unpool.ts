import { ShapeError } from '../errors.js';
import { formatType, sameShape, type Shape } from '../ir/index.js';
import { defineOp, expectDType } from './define.js';
import type { PoolAttrs } from './pool-shape.js';

/** Attributes of MaxUnpool; `shape` is that of the result, which the third input carries at run time. */
export interface MaxUnpoolAttrs extends PoolAttrs {
  readonly shape: Shape;
}

/** Writes x [N,C,OH,OW] at the flat indices into zeros of `shape` [N,C,H,W]. */
export const maxUnpool = defineOp<3, MaxUnpoolAttrs>({
  name: 'MaxUnpool',
  source: 'https://onnx.ai/onnx/operators/onnx__MaxUnpool.html',
  infer([x, indices], { shape }) {
    expectDType('MaxUnpool', indices, 'int64');
    if (!sameShape(x.shape, indices.shape)) {
      throw new ShapeError(`MaxUnpool: ${formatType(x)} and ${formatType(indices)} do not fit`);
    }
    return [{ dtype: x.dtype, shape }];
  },
  gradient: { refuse: 'it appears only in backward passes' },
  tensorAttrs: { shape: 2 },
});

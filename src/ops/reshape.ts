import { ShapeError } from '../errors.js';
import { formatShape, formatType, sizeOf, type Shape } from '../ir/index.js';
import { only, required } from './attributes.js';
import { defineOp } from './define.js';

/** The same elements in another shape; row-major order stays. The codec turns a symbol into ONNX's 0 or -1. */
export const reshape = defineOp<1, { readonly shape: Shape }>({
  name: 'Reshape',
  arity: 1,
  // The graph's shape gives the length of every dimension: no 0 that copies one.
  attributes: { shape: required(), allowzero: only(0, 1) },
  infer([x], { shape }) {
    if (sizeOf(x.shape) !== sizeOf(shape)) {
      throw new ShapeError(`Reshape: ${formatType(x)} does not have the elements of ${formatShape(shape)}`);
    }
    return [{ dtype: x.dtype, shape }];
  },
  gradient: ({ b, x: [x], dy }) => [b.reshape(dy, x.shape)],
  tensorAttrs: { shape: 1 },
});

import type { DType } from '../ir/index.js';
import { only, required } from './attributes.js';
import { defineOp } from './define.js';

/** The same numbers in another element type. ONNX stores `to` as a number; the codec translates. */
export const cast = defineOp<1, { readonly to: DType }>({
  name: 'Cast',
  arity: 1,
  // The others are of float8 types.
  attributes: {
    to: required({ among: ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool'] }),
    saturate: only(1, 0),
    round_mode: only('up', 'down', 'nearest'),
  },
  infer: ([x], { to }) => [{ dtype: to, shape: x.shape }],
  // Between float types the gradient is cast back; from or to integers nothing flows.
  gradient({ b, x: [x], y, dy }) {
    const isFloat = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float64';
    return [isFloat(x.dtype) && isFloat(y.dtype) ? b.cast(dy, x.dtype) : undefined];
  },
});

import type { DType } from '../ir/index.js';
import { defineOp } from './define.js';

/** The same numbers in another element type. ONNX stores `to` as a number; the codec translates. */
export const cast = defineOp<1, { readonly to: DType }>({
  name: 'Cast',
  source: 'https://onnx.ai/onnx/operators/onnx__Cast.html',
  infer: ([x], { to }) => [{ dtype: to, shape: x.shape }],
  // Between float types the gradient is cast back; from or to integers nothing flows.
  gradient({ b, x: [x], y, dy }) {
    const isFloat = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float64';
    return [isFloat(x.dtype) && isFloat(y.dtype) ? b.cast(dy, x.dtype) : undefined];
  },
});

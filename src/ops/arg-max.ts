import { normaliseAxis } from '../ir/index.js';
import { defineOp } from './define.js';

/** int64 index of the first maximum along `axis`, which is dropped. */
export const argMax = defineOp<1, { readonly axis: number; readonly keepdims: 0 }>({
  name: 'ArgMax',
  source: 'https://onnx.ai/onnx/operators/onnx__ArgMax.html',
  infer([x], { axis }) {
    const at = normaliseAxis(axis, x.shape.length, 'ArgMax');
    return [{ dtype: 'int64', shape: x.shape.filter((_, i) => i !== at) }];
  },
  gradient: { none: 'the result is an index' },
});

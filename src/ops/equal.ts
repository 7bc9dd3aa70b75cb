import { broadcastShapes } from '../ir/index.js';
import { defineOp, sameDType } from './define.js';

/** a = b, elementwise. */
export const equal = defineOp<2>({
  name: 'Equal',
  source: 'https://onnx.ai/onnx/operators/onnx__Equal.html',
  arity: 2,
  attributes: {},
  infer([a, b]) {
    sameDType('Equal', a, b);
    return [{ dtype: 'bool', shape: broadcastShapes(a.shape, b.shape, 'Equal') }];
  },
  gradient: { none: 'the result is boolean' },
});

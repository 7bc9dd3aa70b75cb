import { broadcastShapes } from '../ir/index.js';
import { defineOp, sameDType } from './define.js';

/** a < b, elementwise. */
export const less = defineOp<2>({
  name: 'Less',
  source: 'https://onnx.ai/onnx/operators/onnx__Less.html',
  arity: 2,
  attributes: {},
  infer([a, b]) {
    sameDType('Less', a, b);
    return [{ dtype: 'bool', shape: broadcastShapes(a.shape, b.shape, 'Less') }];
  },
  gradient: { none: 'the result is boolean' },
});

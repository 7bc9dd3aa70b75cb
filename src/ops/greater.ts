import { broadcastShapes } from '../ir/index.js';
import { defineOp, sameDType } from './define.js';

/** a > b, elementwise. */
export const greater = defineOp<2>({
  name: 'Greater',
  source: 'https://onnx.ai/onnx/operators/onnx__Greater.html',
  arity: 2,
  attributes: {},
  infer([a, b]) {
    sameDType('Greater', a, b);
    return [{ dtype: 'bool', shape: broadcastShapes(a.shape, b.shape, 'Greater') }];
  },
  gradient: { none: 'the result is boolean' },
});

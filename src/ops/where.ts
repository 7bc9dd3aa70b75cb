import { broadcastShapes } from '../ir/index.js';
import { defineOp, expectDType, sameDType } from './define.js';

/** y = condition ? a : b, elementwise. */
export const where = defineOp<3>({
  name: 'Where',
  source: 'https://onnx.ai/onnx/operators/onnx__Where.html',
  arity: 3,
  attributes: {},
  infer([condition, a, b]) {
    expectDType('Where', condition, 'bool');
    sameDType('Where', a, b);
    const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape, 'Where'), 'Where');
    return [{ dtype: a.dtype, shape }];
  },
  gradient: ({ b, x: [condition], dy }) => [undefined, b.where(condition, dy, 0), b.where(condition, 0, dy)],
});

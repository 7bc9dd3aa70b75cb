import { broadcastShapes } from '../ir/index.js';
import { defineOp, sameDType } from './define.js';

/** y = a + b; the driver sums over broadcast axes. */
export const add = defineOp<2>({
  name: 'Add',
  source: 'https://onnx.ai/onnx/operators/onnx__Add.html',
  arity: 2,
  attributes: {},
  infer([a, b]) {
    sameDType('Add', a, b);
    return broadcastShapes(a.shape, b.shape, 'Add');
  },
  gradient: ({ dy }) => [dy, dy],
});

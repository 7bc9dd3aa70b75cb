import { defineOp } from './define.js';
import { keptShape, reducedShape, type ReduceAttrs } from './reduce-shape.js';

/** Sum along `axes`. */
export const reduceSum = defineOp<1, ReduceAttrs>({
  name: 'ReduceSum',
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceSum.html',
  infer: ([x], attrs) => reducedShape('ReduceSum', x, attrs),
  // Every summand receives dy.
  gradient({ b, x: [x], dy, attrs: { axes } }) {
    return [b.expandLike(b.reshape(dy, keptShape(x.shape, axes)), x)];
  },
  tensorAttrs: { axes: 1 },
});

import { defineOp } from './define.js';
import { keptShape, reducedShape, reduceRules, settleReduce, type ReduceAttrs } from './reduce-shape.js';

/** Sum along `axes`. */
export const reduceSum = defineOp<1, ReduceAttrs>({
  name: 'ReduceSum',
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceSum.html',
  arity: 1,
  attributes: reduceRules,
  settle: (attrs, _, opset) => settleReduce('ReduceSum', attrs, opset),
  infer: ([x], attrs) => reducedShape('ReduceSum', x, attrs),
  // Every summand receives dy.
  gradient({ b, x: [x], dy, attrs: { axes } }) {
    return [b.expandLike(b.reshape(dy, keptShape(x.shape, axes)), x)];
  },
  tensorAttrs: { axes: 1 },
});

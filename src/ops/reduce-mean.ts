import { defineOp } from './define.js';
import { keptShape, reducedShape, reduceRules, settleReduce, type ReduceAttrs } from './reduce-shape.js';

/** Mean along `axes`. */
export const reduceMean = defineOp<1, ReduceAttrs>({
  name: 'ReduceMean',
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceMean.html',
  arity: 1,
  attributes: reduceRules,
  settle: (attrs, _, opset) => settleReduce('ReduceMean', attrs, opset),
  infer: ([x], attrs) => reducedShape('ReduceMean', x, attrs),
  // Every element receives dy / count.
  gradient({ b, x: [x], dy, attrs: { axes } }) {
    const share = b.div(b.reshape(dy, keptShape(x.shape, axes)), b.cast(b.count(x, axes), x.dtype));
    return [b.expandLike(share, x)];
  },
  tensorAttrs: { axes: 1 },
});

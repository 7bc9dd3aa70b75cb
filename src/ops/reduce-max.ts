import { defineOp } from './define.js';
import { keptShape, reducedShape, reduceRules, settleReduce, type ReduceAttrs } from './reduce-shape.js';

/** Maximum along `axes`. */
export const reduceMax = defineOp<1, ReduceAttrs>({
  name: 'ReduceMax',
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceMax.html',
  arity: 1,
  attributes: reduceRules,
  settle: (attrs, _, opset) => settleReduce('ReduceMax', attrs, opset),
  infer: ([x], attrs) => reducedShape('ReduceMax', x, attrs),
  // Equal maxima share dy evenly, as PyTorch's amax does.
  gradient({ b, x: [x], y, dy, attrs: { axes } }) {
    const kept = keptShape(x.shape, axes);
    const mask = b.cast(b.equal(x, b.reshape(y, kept)), x.dtype);
    return [b.mul(mask, b.div(b.reshape(dy, kept), b.reduceSum(mask, axes, true)))];
  },
  tensorAttrs: { axes: 1 },
});

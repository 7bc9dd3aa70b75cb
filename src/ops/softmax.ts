import { normaliseAxis } from '../ir/index.js';
import { filled } from './attributes.js';
import { defineOp } from './define.js';
import { settleSoftmax } from './softmax-axis.js';

/** y = e^x / sum(e^x) along `axis`; ONNX Runtime subtracts the maximum first. */
export const softmax = defineOp<1, { readonly axis: number }>({
  name: 'Softmax',
  source: 'https://onnx.ai/onnx/operators/onnx__Softmax.html',
  arity: 1,
  attributes: { axis: filled(-1) },
  settle: (attrs, [x], opset) => settleSoftmax('Softmax', attrs, x, opset),
  infer([x], { axis }) {
    normaliseAxis(axis, x.shape.length, 'Softmax');
    return x.shape;
  },
  // dx = y (dy - sum(dy y))
  gradient: ({ b, y, dy, attrs: { axis } }) => [b.mul(y, b.sub(dy, b.reduceSum(b.mul(dy, y), [axis], true)))],
});

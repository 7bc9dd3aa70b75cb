import { normaliseAxis } from '../ir/index.js';
import { filled } from './attributes.js';
import { defineOp } from './define.js';
import { settleSoftmax } from './softmax-axis.js';

/** y = x - ln sum(e^x) along `axis`. */
export const logSoftmax = defineOp<1, { readonly axis: number }>({
  name: 'LogSoftmax',
  source: 'https://onnx.ai/onnx/operators/onnx__LogSoftmax.html',
  arity: 1,
  attributes: { axis: filled(-1) },
  settle: (attrs, [x], opset) => settleSoftmax('LogSoftmax', attrs, x, opset),
  infer([x], { axis }) {
    normaliseAxis(axis, x.shape.length, 'LogSoftmax');
    return x.shape;
  },
  // dx = dy - e^y sum(dy)
  gradient: ({ b, y, dy, attrs: { axis } }) => [b.sub(dy, b.mul(b.exp(y), b.reduceSum(dy, [axis], true)))],
});

import { ShapeError } from '../errors.js';
import { formatType, mulDims, type Shape, type TensorType } from '../ir/index.js';
import { convRules, settleConv, windowCount, type ConvAttrs } from './conv-shape.js';
import { defineOp } from './define.js';
import { nchw, sameDType } from './expect.js';

/** Two-dimensional convolution (cross-correlation): x [N,C,H,W], w [K,C/group,kh,kw], bias [K] -> [N,K,OH,OW]. */
export const conv = defineOp<'2..3', ConvAttrs>({
  name: 'Conv',
  arity: '2..3',
  attributes: convRules,
  settle: (attrs, inputs) => settleConv('Conv', attrs, inputs),
  infer: ([x, w, bias], attrs) => convShape(x, w, bias, attrs),
  gradient({ b, x: [x, w, bias], dy, attrs }) {
    const [, , h, width] = nchw('Conv', x);
    return [
      b.convInputGrad(dy, w, [h, width], attrs),
      b.convWeightGrad(x, dy, attrs),
      bias === undefined ? undefined : b.reduceSum(dy, [0, 2, 3]),
    ];
  },
});

// A weight gradient is a convolution with the batch in the place of the channels, so these may be symbolic here.
function convShape(x: TensorType, w: TensorType, bias: TensorType | undefined, attrs: ConvAttrs): Shape {
  sameDType('Conv', x, w, bias);
  const [n, c, h, width] = x.shape;
  const [k, inner, kh, kw] = w.shape;
  const { group, kernel_shape } = attrs;
  if (
    x.shape.length !== 4 ||
    n === undefined ||
    c === undefined ||
    typeof h !== 'number' ||
    typeof width !== 'number'
  ) {
    throw new ShapeError(`Conv: expected an input [N,C,H,W] with numbers for H and W, got ${formatType(x)}`);
  }
  const isKernel = w.shape.length === 4 && kh === kernel_shape[0] && kw === kernel_shape[1];
  if (!isKernel || typeof k !== 'number' || inner === undefined) {
    throw new ShapeError(
      `Conv: expected a weight [K,C/group,${kernel_shape.join(',')}], got ${formatType(w)}`,
    );
  }
  if (mulDims(group, inner) !== c || k % group !== 0) {
    throw new ShapeError(
      `Conv: ${formatType(x)} with group ${group} does not fit the weight ${formatType(w)}`,
    );
  }
  if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== k)) {
    throw new ShapeError(`Conv: expected a bias [${k}], got ${formatType(bias)}`);
  }
  return [n, k, windowCount('Conv', h, 0, attrs), windowCount('Conv', width, 1, attrs)];
}

import { gradients } from '../../../src/autodiff/index.js';
import type { Value } from '../../../src/ir/index.js';
import { crossEntropy } from '../../../src/models/index.js';
import type { Builder } from '../../../src/ops/index.js';
import { apart, awayFromZero, positive, type GradientCase } from '../check.js';
import { binaryCase, convAttrs, poolAttrs, unaryCase, value } from './make.js';

/** d/dx of sum y^2: the first derivative of a function, to be differentiated again. */
function derivative(b: Builder, y: Value, x: Value): Value {
  const squares = b.reduceSum(
    b.mul(y, y),
    y.shape.map((_, axis) => axis),
  );
  const [grad] = gradients(b, squares, [x]);
  if (grad === undefined) throw new TypeError('no gradient');
  return grad;
}

/** Second derivatives of operators whose gradients are built from differentiable operators. */
export const secondCases: readonly GradientCase[] = [
  unaryCase('second derivatives of tanh', ['N', 3], (b, x) => derivative(b, b.tanh(x), x)),
  unaryCase('second derivatives of sigmoid', ['N', 3], (b, x) => derivative(b, b.sigmoid(x), x)),
  unaryCase('second derivatives of exp', ['N', 3], (b, x) => derivative(b, b.exp(x), x)),
  unaryCase('second derivatives of erf', ['N', 3], (b, x) => derivative(b, b.erf(x), x)),
  unaryCase('second derivatives of log', ['N', 3], (b, x) => derivative(b, b.log(x), x), positive),
  unaryCase('second derivatives of sqrt', ['N', 3], (b, x) => derivative(b, b.exp(b.sqrt(x)), x), positive),
  unaryCase('second derivatives of 1/x', ['N', 3], (b, x) => derivative(b, b.reciprocal(x), x), positive),
  unaryCase('second derivatives of relu', ['N', 3], (b, x) => derivative(b, b.relu(x), x), awayFromZero),
  unaryCase('second derivatives of softmax', ['N', 4], (b, x) => derivative(b, b.softmax(x, 1), x)),
  unaryCase('second derivatives of logSoftmax', ['N', 4], (b, x) => derivative(b, b.logSoftmax(x, 1), x)),
  unaryCase('second derivatives of the mean over the batch', ['N', 3], (b, x) =>
    derivative(b, b.exp(b.reduceMean(x, [0])), x),
  ),
  unaryCase('second derivatives of average pooling', ['N', 1, 4, 4], (b, x) =>
    derivative(
      b,
      b.exp(b.averagePool(x, poolAttrs({ kernel: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] }))),
      x,
    ),
  ),
  unaryCase('second derivatives of a slice with step 2', ['N', 5], (b, x) =>
    derivative(b, b.exp(b.slice(x, { axes: [1], starts: [3], ends: [-6], steps: [-2] })), x),
  ),
  binaryCase('second derivatives of MatMul', { shape: ['N', 3] }, { shape: [3, 2] }, (b, u, v) =>
    derivative(b, b.exp(b.matMul(u, v)), v),
  ),
  binaryCase('second derivatives of Gemm', { shape: ['N', 3] }, { shape: [2, 3] }, (b, u, v) =>
    derivative(b, b.exp(b.gemm(u, v, undefined, { transB: true })), u),
  ),
  binaryCase('second derivatives of Div', { shape: ['N', 3] }, { shape: [3], fill: positive }, (b, u, v) =>
    derivative(b, b.div(u, v), v),
  ),
];

/** Functions in which gradients meet. */
export const composedCases: readonly GradientCase[] = [
  unaryCase('one value on many paths', ['N', 3], (b, x) =>
    b.add(b.mul(x, b.exp(x)), b.add(b.sigmoid(x), b.mul(x, 3))),
  ),
  unaryCase('a deep chain', ['N', 3], (b, x) => {
    let y = x;
    for (let i = 0; i < 8; i++) y = b.tanh(b.add(b.mul(y, 0.5), x));
    return y;
  }),
  unaryCase('gelu', ['N', 3], (b, x) => b.mul(b.mul(x, 0.5), b.add(b.erf(b.mul(x, Math.SQRT1_2)), 1))),
  {
    name: 'batch normalisation',
    inputs: { x: { shape: ['N', 2, 3, 3] }, weight: { shape: [2, 1, 1] }, bias: { shape: [2, 1, 1] } },
    build: (b, x) => {
      const centred = b.sub(value(x, 'x'), b.reduceMean(value(x, 'x'), [0, 2, 3], true));
      const variance = b.reduceMean(b.mul(centred, centred), [0, 2, 3], true);
      const normal = b.div(centred, b.sqrt(b.add(variance, 1e-5)));
      return b.add(b.mul(normal, value(x, 'weight')), value(x, 'bias'));
    },
  },
  {
    name: 'a residual block with a projection shortcut',
    inputs: {
      x: { shape: ['N', 2, 6, 6], fill: apart },
      w1: { shape: [3, 2, 3, 3] },
      w2: { shape: [3, 3, 3, 3] },
      shortcut: { shape: [3, 2, 1, 1] },
    },
    build: (b, x) => {
      const three = convAttrs({ kernel: [3, 3], pads: [1, 1, 1, 1] });
      const strided = convAttrs({ kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
      const one = convAttrs({ kernel: [1, 1], strides: [2, 2] });
      const inner = b.conv(value(x, 'x'), value(x, 'w1'), undefined, strided);
      const main = b.conv(b.tanh(inner), value(x, 'w2'), undefined, three);
      const sum = b.add(main, b.conv(value(x, 'x'), value(x, 'shortcut'), undefined, one));
      return b.maxPool(sum, poolAttrs({ kernel: [2, 2], strides: [1, 1] }))[0];
    },
  },
  {
    name: 'a classifier with its loss',
    inputs: {
      x: { shape: ['N', 4] },
      w: { shape: [3, 4] },
      bias: { shape: [3] },
      target: { shape: ['N'], differentiable: false, fill: (_, i) => (i * 2) % 3 },
    },
    build: (b, x) => {
      const logits = b.gemm(value(x, 'x'), value(x, 'w'), value(x, 'bias'), { transB: true });
      const target = b.cast(value(x, 'target'), 'int32');
      return crossEntropy(b, logits, target, { labelSmoothing: 0.1 });
    },
  },
  {
    name: 'the loss of probabilities, smoothed and summed',
    inputs: { logits: { shape: ['N', 4] }, targets: { shape: ['N', 4], fill: positive } },
    build: (b, x) =>
      crossEntropy(b, value(x, 'logits'), value(x, 'targets'), { labelSmoothing: 0.1, reduction: 'sum' }),
  },
];

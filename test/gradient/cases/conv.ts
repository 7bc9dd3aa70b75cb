import { gradients } from '../../../src/autodiff/index.js';
import type { Value } from '../../../src/ir/index.js';
import { ops, type Builder } from '../../../src/ops/index.js';
import type { CheckedInput, GradientCase } from '../check.js';
import { binaryCase, convAttrs, convTransposeAttrs, value, type Window } from './make.js';

/** A convolution's geometry: x [N,C,H,W] and K filters. */
interface Geometry extends Window {
  readonly what: string;
  readonly x: readonly [channels: number, height: number, width: number];
  readonly filters: number;
}

const geometries: readonly Geometry[] = [
  { what: '3x3', x: [2, 5, 5], filters: 3, kernel: [3, 3] },
  { what: '3x3 padded', x: [2, 4, 5], filters: 2, kernel: [3, 3], pads: [1, 1, 1, 1] },
  { what: '1x1', x: [3, 3, 3], filters: 2, kernel: [1, 1] },
  { what: '1x1 with stride 2', x: [2, 5, 5], filters: 2, kernel: [1, 1], strides: [2, 2] },
  {
    what: '1x1 with stride 2, a row and a column left over',
    x: [2, 4, 6],
    filters: 2,
    kernel: [1, 1],
    strides: [2, 2],
  },
  { what: 'stride 2', x: [2, 5, 5], filters: 2, kernel: [3, 3], strides: [2, 2] },
  {
    what: 'stride 2, padded, rows left over',
    x: [2, 6, 6],
    filters: 2,
    kernel: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  },
  { what: 'stride 3, two rows left over', x: [1, 8, 7], filters: 2, kernel: [3, 2], strides: [3, 3] },
  { what: 'unequal kernel and strides', x: [2, 6, 5], filters: 2, kernel: [3, 2], strides: [2, 1] },
  { what: 'pads on one side', x: [1, 4, 4], filters: 2, kernel: [2, 2], pads: [1, 0, 0, 1] },
  {
    what: 'asymmetric pads with stride 2',
    x: [2, 5, 4],
    filters: 2,
    kernel: [3, 3],
    strides: [2, 2],
    pads: [0, 1, 2, 1],
  },
  { what: 'pads as large as the kernel', x: [1, 3, 3], filters: 1, kernel: [2, 2], pads: [2, 2, 2, 2] },
  { what: 'dilation 2', x: [2, 6, 6], filters: 2, kernel: [3, 3], dilations: [2, 2], pads: [2, 2, 2, 2] },
  {
    what: 'dilation 2 with stride 2, rows left over',
    x: [1, 8, 9],
    filters: 2,
    kernel: [2, 3],
    dilations: [2, 2],
    strides: [2, 2],
  },
  { what: 'unequal dilations', x: [1, 6, 7], filters: 1, kernel: [2, 2], dilations: [3, 1], strides: [1, 2] },
  { what: 'two groups', x: [4, 4, 4], filters: 6, kernel: [3, 3], pads: [1, 1, 1, 1], group: 2 },
  {
    what: 'depthwise with stride 2',
    x: [3, 5, 5],
    filters: 3,
    kernel: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    group: 3,
  },
  { what: 'depthwise with two filters a channel', x: [2, 4, 4], filters: 4, kernel: [2, 2], group: 2 },
  {
    what: 'two groups, stride 2, dilation 2, rows left over',
    x: [4, 8, 7],
    filters: 2,
    kernel: [2, 3],
    strides: [2, 2],
    dilations: [2, 1],
    pads: [1, 0, 0, 1],
    group: 2,
  },
  { what: 'a kernel larger than the image', x: [2, 1, 1], filters: 2, kernel: [5, 5], pads: [2, 2, 2, 2] },
];

const xOf = ({ x }: Geometry): CheckedInput => ({ shape: ['N', ...x] });

const wOf = ({ x: [channels], filters, kernel, group = 1 }: Geometry): CheckedInput => ({
  shape: [filters, channels / group, ...kernel],
});

/** y = conv(x, w), to take gradients of. */
const applied = (b: Builder, g: Geometry, x: Value, w: Value): Value => b.conv(x, w, undefined, convAttrs(g));

/** Shape of the result of a geometry's convolution. */
function yOf(
  g: Geometry,
  { strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1] }: Window = g,
): CheckedInput {
  const length = (axis: 0 | 1): number => {
    const room = g.x[axis === 0 ? 1 : 2] + pads[axis] + pads[axis === 0 ? 2 : 3];
    return Math.floor((room - dilations[axis] * (g.kernel[axis] - 1) - 1) / strides[axis]) + 1;
  };
  return { shape: ['N', g.filters, length(0), length(1)] };
}

/** First derivatives of something that is not linear in y, so that they depend on x and w. */
function firstDerivative(b: Builder, y: Value, wrt: Value): Value {
  const energy = b.reduceSum(b.mul(y, b.mul(y, y)), [0, 1, 2, 3]);
  const [grad] = gradients(b, energy, [wrt]);
  if (grad === undefined) throw new TypeError('no gradient');
  return grad;
}

const transposed = [
  ['ConvTranspose', { kernel: [3, 3] }, [0, 0]],
  ['ConvTranspose, stride 2', { kernel: [3, 3], strides: [2, 2] }, [0, 0]],
  [
    'ConvTranspose, stride 2 with output padding',
    { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
    [1, 0],
  ],
  [
    'ConvTranspose, dilation 2, asymmetric pads',
    { kernel: [2, 3], dilations: [2, 1], pads: [1, 0, 0, 2] },
    [0, 0],
  ],
  ['ConvTranspose, stride 3', { kernel: [2, 2], strides: [3, 3] }, [2, 1]],
  // Output padding between stride and dilation: lines that no pixel reaches.
  ['ConvTranspose, dilation 3, output padding 2', { kernel: [2, 2], dilations: [3, 3] }, [2, 1]],
  [
    'ConvTranspose, stride 2, dilation 4, output padding 3 and 2',
    { kernel: [2, 3], strides: [2, 2], dilations: [4, 4] },
    [3, 2],
  ],
  [
    'ConvTranspose, output padding of more than the padding',
    { kernel: [2, 2], dilations: [4, 3], pads: [1, 0, 2, 1] },
    [3, 2],
  ],
  [
    'ConvTranspose, output padding of less than the padding',
    { kernel: [3, 3], strides: [1, 2], dilations: [3, 3], pads: [2, 3, 3, 3] },
    [2, 2],
  ],
] as const;

export const convCases: readonly GradientCase[] = [
  ...geometries.map((g): GradientCase => ({
    name: `Conv, ${g.what}`,
    inputs: { x: xOf(g), w: wOf(g), bias: { shape: [g.filters] } },
    build: (b, x) => b.conv(value(x, 'x'), value(x, 'w'), value(x, 'bias'), convAttrs(g)),
  })),
  ...geometries
    .slice(0, 2)
    .map((g) => binaryCase(`Conv without bias, ${g.what}`, xOf(g), wOf(g), (b, x, w) => applied(b, g, x, w))),
  ...geometries.map((g) =>
    binaryCase(`ConvInputGrad, ${g.what}`, yOf(g), wOf(g), (b, dy, w) =>
      b.convInputGrad(dy, w, [g.x[1], g.x[2]], convAttrs(g)),
    ),
  ),
  ...geometries.map((g) =>
    binaryCase(`ConvWeightGrad, ${g.what}`, xOf(g), yOf(g), (b, x, dy) =>
      b.convWeightGrad(x, dy, convAttrs(g)),
    ),
  ),
  ...transposed.map(([name, window, outputPadding]) =>
    binaryCase(name, { shape: ['N', 2, 3, 3] }, { shape: [2, 3, ...window.kernel] }, (b, x, w) =>
      b.convTranspose(x, w, convTransposeAttrs(window, outputPadding)),
    ),
  ),
  {
    name: 'ConvTranspose with a bias, in two groups, output padding of more than a stride',
    inputs: { x: { shape: ['N', 4, 3, 2] }, w: { shape: [4, 2, 2, 2] }, bias: { shape: [4] } },
    build: (b, x) => {
      const window: Window = { kernel: [2, 2], dilations: [3, 2], pads: [1, 0, 1, 1], group: 2 };
      const attrs = { ...convTransposeAttrs(window, [2, 1]) };
      return b.emit(ops.ConvTranspose, [x['x'], x['w'], x['bias']], attrs);
    },
  },
  binaryCase('ConvTranspose in two groups', { shape: ['N', 4, 3, 3] }, { shape: [4, 3, 2, 2] }, (b, x, w) =>
    b.convTranspose(x, w, convTransposeAttrs({ kernel: [2, 2], strides: [2, 2], group: 2 })),
  ),
];

/** The convolution family is closed under differentiation: its gradients have gradients. */
export const convSecondCases: readonly GradientCase[] = [0, 6, 10, 13, 15, 18].flatMap((i) => {
  const g = geometries[i];
  if (g === undefined) return [];
  return [
    binaryCase(`second derivatives through d/dx of Conv, ${g.what}`, xOf(g), wOf(g), (b, x, w) =>
      firstDerivative(b, applied(b, g, x, w), x),
    ),
    binaryCase(`second derivatives through d/dw of Conv, ${g.what}`, xOf(g), wOf(g), (b, x, w) =>
      firstDerivative(b, applied(b, g, x, w), w),
    ),
  ];
});

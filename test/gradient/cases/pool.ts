import type { Shape } from '../../../src/ir/index.js';
import { apart, type GradientCase } from '../check.js';
import { poolAttrs, unaryCase, type Window } from './make.js';

interface Geometry extends Window {
  readonly what: string;
  readonly x: Shape;
}

const geometries: readonly Geometry[] = [
  { what: '2x2, disjoint', x: ['N', 2, 4, 4], kernel: [2, 2] },
  { what: '2x2, disjoint, a row and a column left over', x: ['N', 2, 5, 5], kernel: [2, 2] },
  { what: 'gaps between the windows', x: ['N', 1, 7, 7], kernel: [2, 2], strides: [3, 3] },
  { what: '3x3 with stride 2, overlapping', x: ['N', 2, 7, 7], kernel: [3, 3], strides: [2, 2] },
  {
    what: '3x3 with stride 2, padded, rows left over',
    x: ['N', 2, 6, 6],
    kernel: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  },
  {
    what: '3x3 with stride 1, padded',
    x: ['N', 1, 4, 4],
    kernel: [3, 3],
    strides: [1, 1],
    pads: [1, 1, 1, 1],
  },
  { what: 'asymmetric pads', x: ['N', 2, 4, 5], kernel: [3, 2], strides: [1, 2], pads: [0, 1, 2, 0] },
  { what: 'padded, disjoint', x: ['N', 1, 4, 4], kernel: [2, 2], pads: [1, 1, 1, 1] },
  { what: 'unequal kernel', x: ['N', 2, 6, 5], kernel: [2, 3], strides: [2, 1] },
];

/** PyTorch's and ONNX's ceil_mode; a last window that would start behind the image is left out. */
const rounded: readonly Geometry[] = [
  { what: '2x2, rounded up', x: ['N', 2, 5, 4], kernel: [2, 2], ceil: true },
  { what: '3x3 with stride 2, rounded up', x: ['N', 1, 6, 5], kernel: [3, 3], strides: [2, 2], ceil: true },
  {
    what: '3x3 with stride 2, padded, rounded up',
    x: ['N', 1, 6, 7],
    kernel: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    ceil: true,
  },
  {
    what: 'rounded up, a window that would start in the padding',
    x: ['N', 1, 5, 4],
    kernel: [2, 2],
    strides: [3, 3],
    pads: [1, 1, 1, 1],
    ceil: true,
  },
  {
    what: 'rounded up, pads on one side',
    x: ['N', 2, 7, 4],
    kernel: [3, 2],
    strides: [3, 3],
    pads: [0, 1, 1, 0],
    ceil: true,
  },
];

const dilated: readonly Geometry[] = [
  { what: 'dilation 2', x: ['N', 2, 5, 6], kernel: [2, 2], strides: [1, 1], dilations: [2, 2] },
  {
    what: 'dilation 2, padded, with stride 2',
    x: ['N', 1, 7, 8],
    kernel: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    dilations: [2, 2],
  },
  {
    what: 'dilations 3 and 1, disjoint',
    x: ['N', 2, 9, 4],
    kernel: [2, 2],
    strides: [4, 2],
    dilations: [3, 1],
  },
  {
    what: 'dilation as long as the stride',
    x: ['N', 1, 8, 8],
    kernel: [2, 2],
    strides: [2, 2],
    dilations: [2, 2],
  },
  {
    what: 'dilation 3, rounded up',
    x: ['N', 1, 6, 7],
    kernel: [2, 2],
    strides: [2, 3],
    dilations: [3, 3],
    ceil: true,
  },
  {
    what: 'dilation 4, rounded up further than a kernel',
    x: ['N', 1, 7, 6],
    kernel: [2, 2],
    strides: [4, 4],
    dilations: [4, 4],
    ceil: true,
  },
];

/** Windows that ONNX's definition of MaxUnpool cannot say by themselves. */
const ragged: readonly Geometry[] = [
  {
    what: 'stride 3, padded, on two rows',
    x: ['N', 2, 2, 5],
    kernel: [2, 2],
    strides: [3, 3],
    pads: [1, 1, 1, 1],
  },
  { what: '2x2 on 9x9', x: ['N', 1, 9, 9], kernel: [2, 2] },
  { what: 'one row, padded on both sides', x: ['N', 1, 1, 4], kernel: [3, 2], pads: [1, 0, 1, 0] },
  {
    what: 'gaps and padding on both sides',
    x: ['N', 1, 8, 4],
    kernel: [2, 1],
    strides: [3, 2],
    pads: [1, 0, 1, 0],
  },
];

export const poolCases: readonly GradientCase[] = [
  ...dilated.map((g) => unaryCase(`MaxPool, ${g.what}`, g.x, (b, x) => b.maxPool(x, poolAttrs(g))[0], apart)),
  ...[...geometries, ...rounded, ...ragged].flatMap((g) => [
    unaryCase(`MaxPool, ${g.what}`, g.x, (b, x) => b.maxPool(x, poolAttrs(g))[0], apart),
    unaryCase(`AveragePool, ${g.what}`, g.x, (b, x) => b.averagePool(x, poolAttrs(g))),
    unaryCase(`AveragePool without the padding, ${g.what}`, g.x, (b, x) =>
      b.averagePool(x, { ...poolAttrs(g), countIncludePad: false }),
    ),
  ]),
  unaryCase('GlobalAveragePool', ['N', 3, 4, 5], (b, x) => b.globalAveragePool(x)),
  unaryCase('GlobalAveragePool of one pixel', ['N', 3, 1, 1], (b, x) => b.globalAveragePool(x)),
];

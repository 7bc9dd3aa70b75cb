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

export const poolCases: readonly GradientCase[] = [
  ...geometries.flatMap((g) => [
    unaryCase(`MaxPool, ${g.what}`, g.x, (b, x) => b.maxPool(x, poolAttrs(g))[0], apart),
    unaryCase(`AveragePool, ${g.what}`, g.x, (b, x) => b.averagePool(x, poolAttrs(g))),
    unaryCase(`AveragePool without the padding, ${g.what}`, g.x, (b, x) =>
      b.averagePool(x, { ...poolAttrs(g), countIncludePad: false }),
    ),
  ]),
  unaryCase('GlobalAveragePool', ['N', 3, 4, 5], (b, x) => b.globalAveragePool(x)),
  unaryCase('GlobalAveragePool of one pixel', ['N', 3, 1, 1], (b, x) => b.globalAveragePool(x)),
];

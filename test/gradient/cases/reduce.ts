import { mulDims } from '../../../src/ir/index.js';
import { apart, type Fill, type GradientCase } from '../check.js';
import { unaryCase } from './make.js';

const cube = ['N', 3, 4] as const;

const axesLists = [[0], [1], [-1], [1, 2], [0, 2], [0, 1, 2]] as const;

/** Several axes, kept and dropped. */
function everyReduction(op: 'reduceSum' | 'reduceMean' | 'reduceMax', fill?: Fill): GradientCase[] {
  return axesLists.flatMap((axes) =>
    [true, false].map((keep) =>
      unaryCase(
        `${op} over ${axes.join(' and ')}, axes ${keep ? 'kept' : 'dropped'}`,
        cube,
        (b, x) => b[op](x, axes, keep),
        fill,
      ),
    ),
  );
}

/** Two equal maxima in each row: half for each, as a central difference also says. */
const twoMaxima: Fill = (_, i) => (i % 4 < 2 ? 1 : -0.5 * (i % 4));

export const reduceCases: readonly GradientCase[] = [
  ...everyReduction('reduceSum'),
  ...everyReduction('reduceMean'),
  ...everyReduction('reduceMax', apart),
  unaryCase('reduceMax with two equal maxima', cube, (b, x) => b.reduceMax(x, [2]), twoMaxima),
  unaryCase('reduceMean over a folded batch', cube, (b, x) =>
    b.reduceMean(b.reshape(x, [mulDims(x.shape[0] ?? 1, 3), 4]), [0]),
  ),

  ...[0, 1, 2, -1].flatMap((axis) => [
    unaryCase(
      `softmax along ${axis}`,
      cube,
      (b, x) => b.softmax(x, axis),
      (u) => 3 * u,
    ),
    unaryCase(
      `logSoftmax along ${axis}`,
      cube,
      (b, x) => b.logSoftmax(x, axis),
      (u) => 3 * u,
    ),
  ]),
  unaryCase('softmax of a matrix along 1', ['N', 5], (b, x) => b.softmax(x, 1)),
  unaryCase('logSoftmax of a matrix along -2', ['N', 5], (b, x) => b.logSoftmax(x, -2)),
];

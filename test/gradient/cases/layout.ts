import { mulDims, type Dim, type Value } from '../../../src/ir/index.js';
import { ops, type Builder } from '../../../src/ops/index.js';
import type { GradientCase } from '../check.js';
import { binaryCase, unaryCase, value } from './make.js';

/** The length of the first axis, N or a number. */
const batch = (x: Value): Dim => x.shape[0] ?? 1;

interface Range {
  readonly what: string;
  readonly axes: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps?: readonly number[];
}

const end = Number.MAX_SAFE_INTEGER;

const ranges: readonly Range[] = [
  { what: 'a middle part', axes: [1], starts: [1], ends: [4] },
  { what: 'negative start and end', axes: [-1], starts: [-5], ends: [-1] },
  { what: 'to an end far behind', axes: [1], starts: [2], ends: [end] },
  { what: 'from a start far before', axes: [2], starts: [-100], ends: [3] },
  { what: 'one element', axes: [2], starts: [3], ends: [4] },
  { what: 'everything', axes: [1, 2], starts: [0, 0], ends: [5, 7] },
  { what: 'two axes', axes: [2, 1], starts: [1, 2], ends: [6, 5] },
  { what: 'step 2', axes: [2], starts: [0], ends: [7], steps: [2] },
  { what: 'step 2 with a rest', axes: [2], starts: [1], ends: [7], steps: [2] },
  { what: 'step 3', axes: [2], starts: [1], ends: [end], steps: [3] },
  { what: 'a step longer than the axis', axes: [1], starts: [2], ends: [5], steps: [9] },
  { what: 'step -1, reversed', axes: [1], starts: [-1], ends: [-end], steps: [-1] },
  { what: 'step -1, a part', axes: [2], starts: [5], ends: [1], steps: [-1] },
  { what: 'step -2', axes: [2], starts: [6], ends: [-100], steps: [-2] },
  { what: 'step -2 with a rest', axes: [2], starts: [5], ends: [0], steps: [-2] },
  { what: 'steps 2 and -1', axes: [1, 2], starts: [0, -1], ends: [5, -8], steps: [2, -1] },
  { what: 'steps -2 and 3', axes: [2, 1], starts: [-2, 1], ends: [0, 5], steps: [-2, 3] },
];

export const layoutCases: readonly GradientCase[] = [
  ...ranges.map(({ what, ...range }) =>
    unaryCase(`Slice, ${what}`, ['N', 5, 7], (b, x) => b.slice(x, range)),
  ),

  unaryCase('BundleGet from the middle', [11], (b, x) =>
    b.emit(ops.BundleGet, [x], { slot: 'w', offset: 2, shape: [2, 3] }),
  ),
  binaryCase('BundlePack of two tensors', { shape: [2, 3] }, { shape: [4] }, (b, u, v) =>
    b.emit(ops.BundlePack, [u, b.exp(v), u], { bundle: 'params' }),
  ),

  unaryCase('Reshape to a matrix', ['N', 3, 4], (b, x) => b.reshape(x, [batch(x), 12])),
  unaryCase('Reshape folds channels into the batch', ['N', 3, 4], (b, x) =>
    b.reshape(x, [mulDims(batch(x), 3), 4]),
  ),
  unaryCase('Reshape takes channels out of the batch', ['N', 6, 2], (b, x) =>
    b.reshape(b.exp(b.reshape(x, [mulDims(batch(x), 6), 2])), [2, mulDims(batch(x), 3), 2]),
  ),
  unaryCase('Reshape to a vector', ['N', 3], (b, x) => b.reshape(x, [mulDims(batch(x), 3)])),
  unaryCase('Reshape of one element to a scalar', [1, 1], (b, x) => b.reshape(x, [])),
  unaryCase('Reshape of a scalar', [], (b, x) => b.reshape(x, [1, 1, 1])),
  unaryCase('Transpose of a matrix', ['N', 3], (b, x) => b.transpose(x, [1, 0])),
  unaryCase('Transpose by a cycle', ['N', 3, 4], (b, x) => b.transpose(x, [2, 0, 1])),
  unaryCase('Transpose of four axes', [2, 3, 'N', 2], (b, x) => b.transpose(x, [2, 1, 3, 0])),

  binaryCase('Expand a column', { shape: ['N', 1] }, { shape: ['N', 3] }, (b, u, v) =>
    b.mul(b.expandLike(u, v), v),
  ),
  binaryCase('Expand to a new axis', { shape: [3] }, { shape: [4, 3] }, (b, u, v) =>
    b.mul(b.expandLike(u, v), v),
  ),
  binaryCase('Expand along the batch', { shape: [1, 3] }, { shape: ['N', 3] }, (b, u, v) =>
    b.mul(b.expandLike(u, v), v),
  ),
  binaryCase('Expand a vector to a batch of rows', { shape: [3] }, { shape: ['N', 2, 3] }, (b, u, v) =>
    b.mul(b.expandLike(u, v), v),
  ),
  binaryCase('Expand a scalar', { shape: [] }, { shape: ['N', 2] }, (b, u, v) =>
    b.mul(b.expandLike(u, v), v),
  ),

  {
    name: 'Concat of three',
    inputs: { a: { shape: ['N', 2] }, b: { shape: ['N', 1] }, c: { shape: ['N', 3] } },
    build: (b, x) => b.concat([value(x, 'a'), value(x, 'b'), value(x, 'c')], 1),
  },
  {
    name: 'Concat along the last axis, one input twice',
    inputs: { a: { shape: ['N', 2, 2] }, b: { shape: ['N', 2, 1] } },
    build: (b, x) => b.concat([value(x, 'a'), value(x, 'b'), value(x, 'a')], -1),
  },
  binaryCase('Concat along axis 0', { shape: [2, 3] }, { shape: [1, 3] }, (b, u, v) => b.concat([u, v], 0)),

  ...(['edge', 'reflect'] as const).flatMap((mode) => {
    const padded = (pads: readonly number[]) => (b: Builder, x: Value) =>
      b.emit(ops.Pad, [x], { pads, mode });
    return [
      unaryCase(`Pad, ${mode}, on all sides`, ['N', 4, 5], padded([0, 1, 2, 0, 3, 4])),
      unaryCase(`Pad, ${mode}, at the begin`, ['N', 3], padded([0, 2, 0, 0])),
      unaryCase(`Pad, ${mode}, of an image`, ['N', 2, 3, 3], padded([0, 0, 2, 1, 0, 0, 1, 2])),
      unaryCase(`Pad, ${mode}, twice`, ['N', 2, 4], (b, x) =>
        b.exp(padded([0, 0, 1, 0, 0, 2])(b, b.tanh(padded([0, 1, 3, 0, 0, 0])(b, x)))),
      ),
    ];
  }),
  unaryCase('Pad, edge, of one element', ['N', 1], (b, x) =>
    b.emit(ops.Pad, [x], { pads: [0, 2, 0, 1], mode: 'edge' }),
  ),
  binaryCase('Pad with a computed value', { shape: ['N', 3] }, { shape: [] }, (b, x, v) =>
    b.mul(b.emit(ops.Pad, [x, undefined, v], { pads: [0, 1, 0, 2] }), v),
  ),
  unaryCase('Pad on all sides', ['N', 2, 3], (b, x) => b.pad(x, [0, 1, 2, 0, 0, 1])),
  unaryCase('Pad at the end', ['N', 2], (b, x) => b.pad(x, [0, 0, 0, 3])),
  unaryCase('Pad by nothing', ['N', 2], (b, x) => b.exp(b.pad(x, [0, 0, 0, 0]))),
];

import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.js';
import { tensorOf, type DType, type Shape, type Value } from '../../src/ir/index.js';
import { Builder, ops, type ConvAttrs, type PoolAttrs } from '../../src/ops/index.js';
import { convAttrs, convTransposeAttrs, poolAttrs } from '../gradient/cases/make.js';

type Build = (b: Builder, input: (shape: Shape, dtype?: DType) => Value) => unknown;

const three = convAttrs({ kernel: [3, 3] });
const two = poolAttrs({ kernel: [2, 2] });
const strided = (strides: ConvAttrs['strides']): ConvAttrs => ({ ...three, strides });
const padded = (pads: PoolAttrs['pads']): PoolAttrs => ({ ...two, pads });

/** What does not fit, and what the message must say of it: the operator, what was expected, what came. */
const mistakes: readonly (readonly [name: string, build: Build, message: RegExp])[] = [
  [
    'shapes that do not broadcast',
    (b, x) => b.add(x([2, 3]), x([2, 4])),
    /Add: \[2,3\] and \[2,4\] do not broadcast/,
  ],
  ['a symbol and a number', (b, x) => b.mul(x(['N', 3]), x([2, 3])), /Mul: \[N,3\] and \[2,3\] do not/],
  ['two symbols', (b, x) => b.sub(x(['N']), x(['M'])), /Sub: \[N\] and \[M\]/],
  ['a folded batch', (b, x) => b.div(x(['2*N']), x(['N'])), /Div: \[2\*N\] and \[N\]/],
  [
    'dtypes',
    (b, x) => b.pow(x([2]), x([2], 'float64')),
    /Pow: expected operands of one dtype, got float32\[2\] and float64\[2\]/,
  ],
  [
    'comparing dtypes',
    (b, x) => b.equal(x([2], 'int32'), x([2], 'int64')),
    /Equal: .*int32\[2\] and int64\[2\]/,
  ],
  [
    'a condition that is not boolean',
    (b, x) => b.where(x([2]), x([2]), 0),
    /Where: expected bool, got float32\[2\]/,
  ],
  [
    'an axis behind the last',
    (b, x) => b.softmax(x([2, 3]), 2),
    /Softmax: axis 2 is out of range for rank 2/,
  ],
  ['an axis before the first', (b, x) => b.logSoftmax(x([2, 3]), -3), /LogSoftmax: axis -3/],
  ['a fraction of an axis', (b, x) => b.argMax(x([2, 3]), 0.5), /ArgMax: axis 0\.5/],
  ['reducing a missing axis', (b, x) => b.reduceMean(x([2]), [1]), /ReduceMean: axis 1 .* rank 1/],
  [
    'reducing no axis',
    (b, x) => b.reduceSum(x([2]), []),
    /ReduceSum of float32\[2\]: expected at least one axis, got none/,
  ],
  [
    'another number of elements',
    (b, x) => b.reshape(x([2, 3]), [7]),
    /Reshape: float32\[2,3\] does not have the elements of \[7\]/,
  ],
  ['losing the batch', (b, x) => b.reshape(x(['N', 3]), [3]), /Reshape: float32\[N,3\] .* elements of \[3\]/],
  ['two symbols in one size', (b, x) => b.reshape(x(['N', 'M']), [6]), /symbolic dimensions N and M/],
  [
    'no permutation',
    (b, x) => b.transpose(x([2, 3]), [0, 0]),
    /Transpose: expected a permutation of the axes of float32\[2,3\], got \[0,0\]/,
  ],
  [
    'expanding a longer axis',
    (b, x) => b.expandLike(x([2]), x([3])),
    /Expand: \[2\] and \[3\] do not broadcast/,
  ],
  [
    'expanding to a lower rank',
    (b, x) => b.expandLike(x([2, 3]), x([3])),
    /Expand: float32\[2,3\] does not broadcast to \[3\]/,
  ],
  [
    'concatenating other lengths',
    (b, x) => b.concat([x([2, 3]), x([3, 3])], 1),
    /Concat along axis 1: float32\[2,3\] and float32\[3,3\]/,
  ],
  ['concatenating nothing', (b) => b.concat([], 0), /Concat: expected at least one input, got none/],
  ['concatenating along the batch', (b, x) => b.concat([x(['N']), x(['N'])], 0), /Concat along axis 0/],
  [
    'an empty slice',
    (b, x) => b.slice(x([5]), { axes: [0], starts: [3], ends: [3] }),
    /Slice: 3:3:1 along axis 0 of float32\[5\] is empty/,
  ],
  [
    'a step of 0',
    (b, x) => b.slice(x([5]), { axes: [0], starts: [0], ends: [3], steps: [0] }),
    /Slice: axis 0 .* a step that is not 0/,
  ],
  [
    'slicing the batch',
    (b, x) => b.slice(x(['N']), { axes: [0], starts: [0], ends: [1] }),
    /needs a known size/,
  ],
  [
    'too few pads',
    (b, x) => b.pad(x([2, 3]), [1, 1]),
    /Pad: expected 4 pads .* for float32\[2,3\], got \[1,1\]/,
  ],
  ['negative pads', (b, x) => b.pad(x([2]), [-1, 0]), /Pad: expected 2 pads of at least 0/],
  ['padding the batch', (b, x) => b.pad(x(['N']), [0, 1]), /Pad: axis 0 of float32\[N\] has no known size/],
  [
    'inner dimensions',
    (b, x) => b.matMul(x([2, 3]), x([4, 5])),
    /MatMul: float32\[2,3\] and float32\[4,5\] do not fit/,
  ],
  ['a vector', (b, x) => b.matMul(x([3]), x([3, 4])), /MatMul: float32\[3\]/],
  [
    'inner dimensions after transposing',
    (b, x) => b.gemm(x([2, 3]), x([3, 4]), undefined, { transB: true }),
    /Gemm\(transA=0, transB=1\): float32\[2,3\] and float32\[3,4\] do not fit/,
  ],
  [
    'a bias that is too long',
    (b, x) => b.gemm(x([2, 3]), x([3, 4]), x([5])),
    /Gemm: \[5\] and \[2,4\] do not broadcast/,
  ],
  [
    'a bias that would widen the result',
    (b, x) => b.gemm(x([1, 3]), x([3, 4]), x([2, 4])),
    /Gemm: expected c to broadcast to \[1,4\], got float32\[2,4\]/,
  ],
  [
    'a matrix as image',
    (b, x) => b.conv(x([2, 3]), x([4, 3, 3, 3]), undefined, three),
    /Conv: expected an input \[N,C,H,W\] .* got float32\[2,3\]/,
  ],
  [
    'a weight of another kernel',
    (b, x) => b.conv(x([1, 3, 8, 8]), x([4, 3, 5, 5]), undefined, three),
    /Conv: expected a weight \[K,C\/group,3,3\], got float32\[4,3,5,5\]/,
  ],
  [
    'a weight for other channels',
    (b, x) => b.conv(x([1, 3, 8, 8]), x([4, 2, 3, 3]), undefined, three),
    /Conv: float32\[1,3,8,8\] with group 1 does not fit the weight float32\[4,2,3,3\]/,
  ],
  [
    'groups that do not divide the filters',
    (b, x) => b.conv(x([1, 4, 8, 8]), x([3, 2, 3, 3]), undefined, { ...three, group: 2 }),
    /Conv: .* with group 2/,
  ],
  [
    'a bias for other filters',
    (b, x) => b.conv(x([1, 3, 8, 8]), x([4, 3, 3, 3]), x([3]), three),
    /Conv: expected a bias \[4\], got float32\[3\]/,
  ],
  [
    'a kernel larger than the image',
    (b, x) => b.conv(x([1, 3, 2, 8]), x([4, 3, 3, 3]), undefined, three),
    /Conv: a window of 3 pixels does not fit into 2 .* along height/,
  ],
  [
    'a stride of 0',
    (b, x) => b.conv(x([1, 3, 8, 8]), x([4, 3, 3, 3]), undefined, strided([1, 0])),
    /Conv: expected a stride and a dilation of at least 1 .* got 0, 1/,
  ],
  [
    'a gradient for another size',
    (b, x) => b.convInputGrad(x([1, 4, 6, 6]), x([4, 3, 3, 3]), [9, 8], three),
    /ConvInputGrad to 9x8: float32\[1,4,6,6\] and float32\[4,3,3,3\] do not fit/,
  ],
  [
    'a gradient through another kernel',
    (b, x) => b.convInputGrad(x([1, 4, 6, 6]), x([4, 3, 5, 5]), [8, 8], three),
    /ConvInputGrad to 8x8/,
  ],
  [
    'a gradient from another batch',
    (b, x) => b.convWeightGrad(x(['N', 3, 8, 8]), x(['2*N', 4, 6, 6]), three),
    /ConvWeightGrad: float32\[N,3,8,8\] and float32\[2\*N,4,6,6\] do not fit/,
  ],
  [
    'transposed convolution of other channels',
    (b, x) => b.convTranspose(x([1, 4, 6, 6]), x([3, 2, 3, 3]), convTransposeAttrs({ kernel: [3, 3] })),
    /ConvTranspose: float32\[1,4,6,6\] and float32\[3,2,3,3\] with group 1 do not fit/,
  ],
  [
    'transposed convolution that leaves nothing',
    (b, x) =>
      b.convTranspose(
        x([1, 2, 1, 1]),
        x([2, 2, 2, 2]),
        convTransposeAttrs({ kernel: [2, 2], pads: [1, 0, 1, 0] }),
      ),
    /ConvTranspose: the pads \[1,0,1,0\] leave nothing of float32\[1,2,1,1\]/,
  ],
  [
    'pads as large as the pooling kernel',
    (b, x) => b.maxPool(x([1, 1, 4, 4]), padded([0, 2, 0, 0])),
    /MaxPool: expected pads smaller than the kernel 2x2, got \[0,2,0,0\]/,
  ],
  [
    'pooling a matrix',
    (b, x) => b.averagePool(x([4, 4]), two),
    /AveragePool: expected \[N,C,H,W\] .* \[4,4\]/,
  ],
  [
    'channels without a number',
    (b, x) => b.globalAveragePool(x([1, 'N', 4, 4])),
    /GlobalAveragePool: .* numbers for C, H and W, got \[1,N,4,4\]/,
  ],
  [
    'a pooled gradient of another size',
    (b, x) => b.maxPoolGrad(x([1, 1, 4, 4]), x([1, 1, 2, 2]), x([1, 1, 2, 2], 'int64'), x([1, 1, 3, 3]), two),
    /MaxPoolGrad: float32\[1,1,4,4\], float32\[1,1,2,2\] and float32\[1,1,3,3\] do not fit/,
  ],
  [
    'indices that are no integers',
    (b, x) => b.maxUnpool(x([1, 1, 2, 2]), x([1, 1, 2, 2]), x([1, 1, 4, 4])),
    /MaxUnpool: expected int64, got float32/,
  ],
  [
    'indices of another shape',
    (b, x) => b.scatterAdd(x([4]), x([2], 'int64'), x([3])),
    /ScatterElements: int64\[2\] and float32\[3\] do not fit/,
  ],
  [
    'gathering from a scalar',
    (b, x) => b.emit(ops.Gather, [x([]), x([1], 'int64')], { axis: 0 }),
    /Gather: expected at least one dimension, got a scalar/,
  ],
  [
    'gathering with floats',
    (b, x) => b.emit(ops.Gather, [x([3]), x([1])], { axis: 0 }),
    /Gather: expected int64 or int32, got float32\[1\]/,
  ],
  [
    'a constant with too few elements',
    (b) => b.constant({ ...tensorOf('float32', [2], [1, 2]), shape: [3] }),
    /constant \[3\]: expected 3 elements, got 2/,
  ],
];

/** Builds inside a layer. */
function attempt(build: Build): () => void {
  return () => {
    const b = new Builder();
    let count = 0;
    const input = (shape: Shape, dtype: DType = 'float32'): Value => b.input(`x${count++}`, dtype, shape);
    b.scope('stage1', () => b.scope('conv2', () => build(b, input)));
  };
}

describe('shape inference refuses', () => {
  test.each(mistakes)('%s', (_, build, message) => {
    expect(attempt(build)).toThrow(ShapeError);
    expect(attempt(build)).toThrow(message);
  });

  test('and names the layer', () => {
    const build: Build = (b, x) => b.add(x([2]), x([3]));
    expect(attempt(build)).toThrow(/^layer stage1\.conv2: Add: \[2\] and \[3\] do not broadcast$/);
  });

  test('and no layer where there is none', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [2]);
    expect(() => b.reduceSum(x, [1])).toThrow(/^ReduceSum: axis 1 is out of range for rank 1$/);
  });
});

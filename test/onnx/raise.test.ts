import { lowerPortable } from '../../src/lower/index.js';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { tensorOf, type TensorData } from '../../src/ir/index.js';
import { encodeModel } from '../../src/onnx/index.js';
import { fill } from '../helpers/golden.js';
import { ndarray, product } from '../reference/array.js';
import { expectClose } from '../reference/close.js';
import { evaluate } from '../reference/evaluate.js';
import { decoded, fileOf, image, ints, kernel, type Foreign } from './foreign.js';

/** Files whose meaning lies in what they do not say, or say as an older operator set did. */
const foreign: Readonly<Record<string, Foreign>> = {
  'Conv that says nothing': { op: 'Conv', opset: 18, inputs: [image, kernel] },
  'Conv, SAME_UPPER': {
    op: 'Conv',
    opset: 11,
    inputs: [image, kernel],
    attributes: { auto_pad: 'SAME_UPPER', strides: [2, 2] },
  },
  'Conv, SAME_LOWER': {
    op: 'Conv',
    opset: 11,
    inputs: [image, kernel],
    attributes: { auto_pad: 'SAME_LOWER', strides: [2, 1] },
  },
  'Conv, VALID': { op: 'Conv', opset: 11, inputs: [image, kernel, [2]], attributes: { auto_pad: 'VALID' } },
  'ConvTranspose that says nothing': { op: 'ConvTranspose', opset: 18, inputs: [image, kernel] },
  'ConvTranspose with a bias': {
    op: 'ConvTranspose',
    opset: 18,
    inputs: [image, kernel, [2]],
    attributes: { strides: [2, 2], output_padding: [1, 0] },
  },
  'MaxPool with a kernel alone': {
    op: 'MaxPool',
    opset: 18,
    inputs: [image],
    attributes: { kernel_shape: [3, 2] },
  },
  'MaxPool, rounded up, dilated': {
    op: 'MaxPool',
    opset: 12,
    inputs: [image],
    attributes: { kernel_shape: [2, 2], strides: [2, 2], dilations: [2, 3], ceil_mode: 1 },
  },
  'MaxPool, SAME_UPPER': {
    op: 'MaxPool',
    opset: 18,
    inputs: [image],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' },
  },
  'AveragePool with a kernel alone': {
    op: 'AveragePool',
    opset: 18,
    inputs: [image],
    attributes: { kernel_shape: [2, 3], pads: [1, 1, 1, 1] },
  },
  'AveragePool, rounded up, padding counts': {
    op: 'AveragePool',
    opset: 18,
    inputs: [image],
    attributes: {
      ...{ kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
      ...{ ceil_mode: 1, count_include_pad: 1 },
    },
  },
  'ReduceMean that says nothing': { op: 'ReduceMean', opset: 18, inputs: [[2, 3]] },
  'ReduceMean of operator set 13, axes as an attribute': {
    op: 'ReduceMean',
    opset: 13,
    inputs: [[2, 3, 4]],
    attributes: { axes: [-1] },
  },
  'ReduceSum with axes as an input, kept by default': {
    op: 'ReduceSum',
    opset: 13,
    inputs: [[2, 3], ints(0)],
  },
  'ReduceSum with an empty list of axes': { op: 'ReduceSum', opset: 13, inputs: [[2, 3], ints()] },
  'Softmax of operator set 11 along the last axis': {
    op: 'Softmax',
    opset: 11,
    inputs: [[3, 5]],
  },
  'Softmax of operator set 11, ones behind the axis': { op: 'Softmax', opset: 11, inputs: [[3, 5, 1, 1]] },
  'LogSoftmax of operator set 13': { op: 'LogSoftmax', opset: 13, inputs: [[2, 3, 4]] },
  'Gemm with factors': {
    op: 'Gemm',
    opset: 13,
    inputs: [[2, 3], [3, 4], [4]],
    floats: { alpha: 0.5, beta: 2 },
  },
  'Gemm that says nothing': {
    op: 'Gemm',
    opset: 11,
    inputs: [
      [2, 3],
      [3, 4],
    ],
  },
  'Transpose that says nothing': { op: 'Transpose', opset: 13, inputs: [[2, 3, 4]] },
  'Gather that says nothing': { op: 'Gather', opset: 13, inputs: [[4, 3], ints(2, -1)] },
  'Slice of operator set 1': {
    op: 'Slice',
    opset: 9,
    inputs: [[4, 5]],
    attributes: { starts: [1, -3], ends: [3, 1000] },
  },
  'Slice to the end, without axes': {
    op: 'Slice',
    opset: 13,
    inputs: [[4, 5], ints(1), tensorOf('int64', [1], [0])],
  },
  'Pad that says nothing': { op: 'Pad', opset: 13, inputs: [[2, 3], ints(0, 1, 2, 0)] },
  'Pad with a value': {
    op: 'Pad',
    opset: 13,
    inputs: [[2, 3], ints(0, 1, 2, 0), tensorOf('float32', [], [1.5])],
  },
  'Pad of some axes': {
    op: 'Pad',
    opset: 18,
    inputs: [[2, 3], ints(2, 1), undefined, ints(-1)],
    attributes: { mode: 'reflect' },
  },
  'Pad, edge, of operator set 2': {
    op: 'Pad',
    opset: 9,
    inputs: [[2, 3]],
    attributes: { pads: [1, 0, 0, 2], mode: 'edge' },
    floats: { value: 0 },
  },
  'BatchNormalization that says nothing': {
    op: 'BatchNormalization',
    opset: 15,
    inputs: [[2, 3, 2, 2], [3], [3], [3], [3]],
  },
  'BatchNormalization of operator set 7': {
    op: 'BatchNormalization',
    opset: 7,
    inputs: [[2, 3, 2, 2], [3], [3], [3], [3]],
    attributes: { spatial: 1 },
    floats: { epsilon: 0.01, momentum: 0.5 },
  },
  'Max of three': { op: 'Max', opset: 13, inputs: [[2, 3], [3], [2, 1]] },
  'Reshape with allowzero, no zero': {
    op: 'Reshape',
    opset: 14,
    inputs: [[2, 6], ints(3, -1)],
    attributes: { allowzero: 1 },
  },
};
// INT64_MAX, which no JavaScript number holds.
(foreign['Slice to the end, without axes']?.inputs[2] as TensorData | undefined)?.data.fill(
  (2n ** 63n - 1n) as never,
);

/** Runs bytes on ONNX Runtime. */
async function outputOf(bytes: Uint8Array, feeds: Readonly<Record<string, ort.Tensor>>): Promise<ort.Tensor> {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const { y0 } = await session.run(feeds);
  await session.release();
  if (y0 === undefined) throw new TypeError('no y0');
  return y0;
}

const numbers = (values: ort.Tensor['data']): number[] => Array.from(values as Float32Array, Number);

describe('files of others mean what ONNX Runtime makes of them', () => {
  test.each(Object.entries(foreign))('%s', async (_, one) => {
    const graph = decoded(one);
    const tensors = graph.inputs.map(({ name, shape }, i) => {
      const size = product(shape.map(Number));
      // Variances are positive.
      return [
        name,
        fill(5 + i, size).map((u) => (one.op === 'BatchNormalization' ? 1.5 + u : u)),
        shape,
      ] as const;
    });
    const fed = Object.fromEntries(
      tensors.map(([name, data, shape]) => [name, new ort.Tensor('float32', data, shape.map(Number))]),
    );
    const wanted = await outputOf(fileOf(one), fed);
    const again = await outputOf(encodeModel(lowerPortable(graph)), fed);
    expect(again.dims).toEqual(wanted.dims);
    // The same operator of the same runtime; pads that stand for auto_pad or ceil_mode change no sum's order.
    expect(numbers(again.data)).toEqual(numbers(wanted.data));
    const { y0 } = evaluate(
      graph,
      Object.fromEntries(tensors.map(([name, data, shape]) => [name, ndarray(shape.map(Number), data)])),
    );
    if (y0 === undefined) throw new TypeError('no y0');
    // Sums of at most 12 products in float32, 2^-24 each, and a function of a few units in the last place.
    expectClose('the reference', ndarray(wanted.dims, numbers(wanted.data)), y0, {
      relative: 2 ** -20,
      ofLargest: 2 ** -20,
    });
  });

  test('graphs have the attributes that files leave out', () => {
    const attrs = (name: string): unknown => {
      const one = foreign[name];
      return one && decoded(one).nodes[0]?.attrs;
    };
    expect(attrs('Conv that says nothing')).toEqual({
      ...{ kernel_shape: [3, 2], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 },
    });
    expect(attrs('MaxPool with a kernel alone')).toEqual({
      ...{ kernel_shape: [3, 2], strides: [1, 1], pads: [0, 0, 0, 0] },
    });
    expect(attrs('ReduceMean that says nothing')).toEqual({ axes: [0, 1], keepdims: 1 });
    expect(attrs('Gemm that says nothing')).toEqual({ transA: 0, transB: 0 });
    expect(attrs('Gemm with factors')).toEqual({ transA: 0, transB: 0, alpha: 0.5, beta: 2 });
    expect(attrs('Transpose that says nothing')).toEqual({ perm: [2, 1, 0] });
    expect(attrs('Pad of some axes')).toEqual({ pads: [0, 2, 0, 1], mode: 'reflect' });
    expect(attrs('BatchNormalization that says nothing')).toEqual({ epsilon: 1e-5 });
    expect(attrs('BatchNormalization of operator set 7')).toEqual({ epsilon: 0.01, momentum: 0.5 });
    expect(attrs('Slice to the end, without axes')).toEqual({
      ...{ starts: [1], ends: [Number.MAX_SAFE_INTEGER], axes: [0], steps: [1] },
    });
  });
});

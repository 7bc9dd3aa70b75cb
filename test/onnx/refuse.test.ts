import { lowerPortable } from '../../src/lower/index.js';
import { onnx } from 'onnx-proto';
import { describe, expect, test } from 'vitest';
import { GraphError, ModelError, ShapeError } from '../../src/errors.js';
import { tensorOf } from '../../src/ir/index.js';
import { encodeModel } from '../../src/onnx/index.js';
import { proto } from '../../src/onnx/proto.js';
import { Builder, ops } from '../../src/ops/index.js';
import { decoded, image, ints, kernel, type Foreign } from './foreign.js';

const { AttributeType } = onnx.AttributeProto;

const norm: Foreign = { op: 'BatchNormalization', opset: 15, inputs: [[2, 3, 2, 2], [3], [3], [3], [3]] };

/** What is not honoured, and what the message says of it. */
const refused: readonly (readonly [title: string, file: Foreign, message: RegExp])[] = [
  [
    'batch norm that trains',
    { ...norm, attributes: { training_mode: 1 } },
    /'training_mode': expected 0, got 1/,
  ],
  [
    'batch norm that trains, before operator set 14',
    { ...norm, opset: 9, outputs: 5 },
    /expected at most 1 outputs, got 'y1'/,
  ],
  [
    'batch norm that trains, before operator set 7',
    { ...norm, opset: 6 },
    /'is_test': expected 1: training .* got 0/,
  ],
  [
    'batch norm of each pixel',
    { ...norm, opset: 8, attributes: { spatial: 0 } },
    /'spatial': expected 1, got 0/,
  ],
  [
    'a softmax over several axes',
    { op: 'Softmax', opset: 11, inputs: [[2, 3, 4]] },
    /Softmax: attribute 'axis': expected the last axis, as operator set 11 would run over all .* got 1/,
  ],
  [
    'a log-softmax over several axes',
    { op: 'LogSoftmax', opset: 12, inputs: [[2, 3, 4]], attributes: { axis: -2 } },
    /LogSoftmax: attribute 'axis': expected the last axis, .* got -2/,
  ],
  [
    'a reshape to no elements',
    { op: 'Reshape', opset: 14, inputs: [[2, 3], ints(0, 3)], attributes: { allowzero: 1 } },
    /Reshape: attribute 'allowzero': expected 0 beside a 0 in \[0,3\], got 1/,
  ],
  [
    'a running sum from the end',
    { op: 'CumSum', opset: 14, inputs: [[4], tensorOf('int64', [], [0])], attributes: { reverse: 1 } },
    /CumSum: attribute 'reverse': expected 0, got 1/,
  ],
  [
    'a part of a shape',
    { op: 'Shape', opset: 15, inputs: [[2, 3]], attributes: { end: 1 } },
    /Shape: attribute 'end' is not honoured/,
  ],
  [
    'the last maximum',
    { op: 'ArgMax', opset: 13, inputs: [[2, 3]], attributes: { select_last_index: 1 } },
    /ArgMax: attribute 'select_last_index': expected 0, got 1/,
  ],
  [
    'column-major indices',
    { op: 'MaxPool', opset: 12, inputs: [image], attributes: { kernel_shape: [2, 2], storage_order: 1 } },
    /MaxPool: attribute 'storage_order': expected 0, got 1/,
  ],
  [
    'an average of pixels apart',
    {
      op: 'AveragePool',
      opset: 19,
      inputs: [image],
      attributes: { kernel_shape: [2, 2], dilations: [2, 2] },
    },
    /AveragePool: attribute 'dilations': expected \[1,1\], got \[2,2\]/,
  ],
  [
    'a transposed convolution to a size',
    { op: 'ConvTranspose', opset: 11, inputs: [image, kernel], attributes: { output_shape: [14, 12] } },
    /ConvTranspose: attribute 'output_shape' is not honoured; those that are: kernel_shape, /,
  ],
  [
    'a transposed convolution, SAME_UPPER',
    { op: 'ConvTranspose', opset: 11, inputs: [image, kernel], attributes: { auto_pad: 'SAME_UPPER' } },
    /ConvTranspose: attribute 'auto_pad': expected NOTSET or VALID, got SAME_UPPER/,
  ],
  [
    'pads beside auto_pad',
    { op: 'Conv', opset: 11, inputs: [image, kernel], attributes: { auto_pad: 'VALID', pads: [1, 1, 1, 1] } },
    /Conv: attribute 'auto_pad': expected NOTSET beside pads, got VALID/,
  ],
  [
    'auto_pad beside dilations',
    {
      ...{ op: 'Conv', opset: 18, inputs: [image, kernel] },
      attributes: { auto_pad: 'SAME_UPPER', dilations: [2, 3] },
    },
    /Conv: attribute 'auto_pad': expected NOTSET or VALID beside dilations, got SAME_UPPER/,
  ],
  [
    'padding that wraps',
    { op: 'Pad', opset: 19, inputs: [[2, 3], ints(0, 1, 0, 1)], attributes: { mode: 'wrap' } },
    /Pad: attribute 'mode': expected constant or edge or reflect, got wrap/,
  ],
  [
    'a value of padding as an attribute',
    { op: 'Pad', opset: 2, inputs: [[2, 3]], attributes: { pads: [0, 1, 0, 1] }, floats: { value: 1.5 } },
    /Pad: attribute 'value': expected 0, got 1\.5/,
  ],
  [
    'pads that are computed',
    { op: 'Pad', opset: 13, inputs: [[2, 3], [4]] },
    /Pad: 'pads' \(input 1\): expected a constant, got a computed value/,
  ],
  [
    'a reduction of nothing',
    { op: 'ReduceSum', opset: 13, inputs: [[2, 3]], attributes: { noop_with_empty_axes: 1 } },
    /ReduceSum: attribute 'noop_with_empty_axes': expected 0 where no axes are named, got 1/,
  ],
  [
    'joining along no axis',
    { op: 'Concat', opset: 13, inputs: [[2], [3]] },
    /Concat: attribute 'axis': expected a value, got none/,
  ],
  [
    'old broadcasting',
    { op: 'Add', opset: 6, inputs: [[2, 3], [3]], attributes: { broadcast: 1 } },
    /Add: attribute 'broadcast' is not honoured; there are no attributes/,
  ],
  [
    'an attribute that ONNX does not have',
    { op: 'Relu', opset: 18, inputs: [[2]], attributes: { leak: 1 } },
    /Relu: attribute 'leak' is not honoured/,
  ],
  [
    'an input too many',
    { op: 'Relu', opset: 18, inputs: [[2], [2]] },
    /Relu: expected at most 1 inputs, got 2/,
  ],
  ['an input too few', { op: 'Add', opset: 18, inputs: [[2]] }, /Add: expected input 1, got none/],
  [
    'unpooling to a larger image',
    {
      op: 'MaxUnpool',
      opset: 11,
      inputs: [[1, 1, 2, 2], tensorOf('int64', [1, 1, 2, 2], [0, 3, 10, 20]), ints(1, 1, 5, 5)],
      attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    },
    /MaxUnpool: attribute 'output_shape': expected \[1,1,4,4\] .* got \[1,1,5,5\]/,
  ],
];

describe('what is not honoured is refused by name', () => {
  test.each(refused)('in a file: %s', (_, file, message) => {
    const read = (): unknown => decoded(file);
    expect(read).toThrow(ModelError);
    expect(read).toThrow(/^f\.onnx: \w+ 'node': /);
    expect(read).toThrow(message);
  });

  test('where a graph is built', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [2, 3, 4, 4]);
    const v = b.input('v', 'float32', [3]);
    const build = (): unknown => b.emit(ops.BatchNormalization, [x, v, v, v, v], { training_mode: 1 });
    expect(build).toThrow(ShapeError);
    expect(() => b.scope('norm', build)).toThrow(
      /^layer norm: BatchNormalization: attribute 'training_mode'/,
    );
    expect(() => b.emit(ops.Relu, [x], { leak: 0.1 })).toThrow(/Relu: attribute 'leak' is not honoured/);
    expect(() =>
      b.averagePool(x, { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], dilations: [2, 2] }),
    ).toThrow(/AveragePool: attribute 'dilations': expected \[1,1\], got \[2,2\]/);
  });

  test('where a graph is written down by hand', () => {
    const x = { name: 'x', dtype: 'float32', shape: [2, 3] } as const;
    const y = { name: 'y', dtype: 'float32', shape: [2, 3] } as const;
    const node = { op: ops.Softmax, name: 'n', layer: '', inputs: [x], outputs: [y], attrs: { axes: 1 } };
    const graph = {
      name: 'g',
      inputs: [x],
      constants: [],
      nodes: [node],
      outputs: [{ name: 'y', value: y }],
    };
    expect(() => lowerPortable(graph)).toThrow(
      /Softmax: attribute 'axes' is not honoured; those that are: axis/,
    );
  });

  test('a size of 0, which Reshape would read as the length of the input', () => {
    const x = { name: 'x', dtype: 'float32', shape: [3, 0] } as const;
    const y = { name: 'y', dtype: 'float32', shape: [0, 5] } as const;
    const node = {
      op: ops.Reshape,
      name: 'n',
      layer: '',
      inputs: [x],
      outputs: [y],
      attrs: { shape: [0, 5] },
    };
    const graph = {
      name: 'g',
      inputs: [x],
      constants: [],
      nodes: [node],
      outputs: [{ name: 'y', value: y }],
    };
    expect(() => encodeModel(graph)).toThrow(GraphError);
    expect(() => encodeModel(graph)).toThrow(
      /Reshape 'n': attribute 'shape': expected sizes of at least 1, got 0/,
    );
  });
});

describe('floats stay floats', () => {
  test('factors and momenta of 1 or 2 are written as floats', () => {
    const b = new Builder();
    const a = b.input('a', 'float32', [2, 3]);
    const w = b.input('w', 'float32', [3, 3]);
    const v = b.input('v', 'float32', [3]);
    const y = b.emit(ops.Gemm, [a, w, v], { alpha: 2, beta: 3 });
    const z = b.emit(ops.BatchNormalization, [y, v, v, v, v], { epsilon: 1, momentum: 0 });
    const bytes = encodeModel(b.finish('g', [{ name: 'z', value: z }]));
    const attributes = proto.ModelProto.decode(bytes).graph?.node?.flatMap(
      ({ attribute }) => attribute ?? [],
    );
    const floats = attributes?.filter(({ type }) => type === AttributeType.FLOAT);
    expect(floats?.map(({ name, f }) => [name, f])).toEqual([
      ['alpha', 2],
      ['beta', 3],
      ['epsilon', 1],
      ['momentum', 0],
    ]);
  });
});

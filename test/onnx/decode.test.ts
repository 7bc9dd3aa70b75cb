import fc from 'fast-check';
import { onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { ModelError } from '../../src/errors.js';
import { GraphBuilder, tensorOf, type Graph } from '../../src/ir/index.js';
import { decodeModel, encodeModel, readModel } from '../../src/onnx/index.js';
import { ops } from '../../src/ops/index.js';
import { convGraph, plain } from './graphs.js';

const seed = 20261124;

/** A model changed before it is written. */
function edited(change: (model: onnx.ModelProto, graph: onnx.GraphProto) => void): Uint8Array {
  const model = onnx.ModelProto.decode(encodeModel(convGraph()));
  change(model, model.graph as onnx.GraphProto);
  return onnx.ModelProto.encode(model).finish();
}

/** The tensors of a model with this one as its weight. */
function withTensor(tensor: onnx.ITensorProto): () => unknown {
  const bytes = edited((_, graph) => graph.initializer.push(onnx.TensorProto.create(tensor)));
  return () =>
    readModel(bytes, 'f.onnx')
      .constants()
      .get(tensor.name ?? '');
}

describe('decodeModel', () => {
  it('refuses what is no model, is cut off or is empty', () => {
    const whole = encodeModel(convGraph());
    const text = new TextEncoder().encode('<!doctype html><html>not found</html>');
    for (const bytes of [new Uint8Array(), text, whole.subarray(0, whole.length - 20)]) {
      expect(() => decodeModel(bytes, 'f.onnx')).toThrow(/^f\.onnx: expected an ONNX model, got \d+ bytes/);
    }
    const empty = edited((_, graph) => {
      graph.node = [];
      graph.output = [];
    });
    expect(() => decodeModel(empty, 'f.onnx')).toThrow(
      /f\.onnx: expected a graph with outputs, got an empty graph/,
    );
  });

  it('throws ModelError only, whatever bytes come', () => {
    const whole = encodeModel(convGraph());
    const damage = fc.record({
      at: fc.nat(whole.length - 1),
      byte: fc.nat(255),
      cut: fc.nat(whole.length),
    });
    const property = fc.property(damage, ({ at, byte, cut }) => {
      const bytes = whole.slice(0, cut % 3 === 0 ? cut : whole.length);
      bytes[at] = byte;
      for (const options of [{}, { ops }]) {
        try {
          decodeModel(bytes, 'f.onnx', options);
        } catch (error) {
          expect(error).toBeInstanceOf(ModelError);
          expect(String(error)).toContain('f.onnx');
        }
      }
    });
    fc.assert(property, { seed, numRuns: 2000 });
  });

  it('reads typed data as well as raw data', () => {
    const big = 2n ** 53n + 1n;
    const int64 = onnx.TensorProto.fromObject({ name: 't', dataType: 7, dims: [1], int64Data: [0] });
    int64.int64Data = [{ low: 1, high: 2 ** 21, unsigned: false } as never];
    const bytes = edited((_, graph) => graph.initializer.push(int64));
    expect(readModel(bytes, 'f').constants().get('t')?.data).toEqual(BigInt64Array.of(big));
    const read = (dataType: number, field: object) =>
      withTensor({ name: 't', dataType, dims: [2], ...field })();
    expect(read(1, { floatData: [1.5, -2] })).toEqual(tensorOf('float32', [2], [1.5, -2]));
    expect(read(11, { doubleData: [0.1, 3] })).toEqual(tensorOf('float64', [2], [0.1, 3]));
    expect(read(6, { int32Data: [-1, 7] })).toEqual(tensorOf('int32', [2], [-1, 7]));
    expect(read(2, { int32Data: [255, 0] })).toEqual(tensorOf('uint8', [2], [255, 0]));
    expect(read(9, { int32Data: [1, 0] })).toEqual(tensorOf('bool', [2], [1, 0]));
  });

  it('names tensors that it cannot read', () => {
    const external = {
      name: 'w',
      dataType: 1,
      dims: [2],
      dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
      externalData: [{ key: 'location', value: 'w.bin' }],
    };
    expect(withTensor(external)).toThrow(
      /f\.onnx: tensor 'w': its data lie in 'w\.bin'; expected a model that holds/,
    );
    expect(withTensor({ name: 'w', dataType: 10, dims: [1] })).toThrow(/tensor 'w': .* got float16/);
    expect(withTensor({ name: 'w', dataType: 8, dims: [1] })).toThrow(/tensor 'w': .* got string/);
    expect(withTensor({ name: 'w', dataType: 1, dims: [1e12] })).toThrow(
      /'w': expected 1000000000000 elements/,
    );
    expect(withTensor({ name: 'w', dataType: 1, dims: [2], floatData: [1] })).toThrow(
      /expected 2 elements .* got 1/,
    );
  });

  it('names nodes whose attributes or types it cannot read', () => {
    const subgraph = onnx.AttributeProto.create({
      name: 'body',
      type: onnx.AttributeProto.AttributeType.GRAPH,
      g: {},
    });
    const loop = edited((_, graph) => graph.node[0]?.attribute?.push(subgraph));
    expect(() => decodeModel(loop, 'f')).toThrow(
      /f: Conv 'conv1\.node': attribute 'body': expected .* got GRAPH/,
    );
    // What is not asked for does not stand in the way.
    expect(readModel(loop, 'f').nodes).toHaveLength(4);
    const untyped = edited((_, graph) => (graph.valueInfo = []));
    expect(() => decodeModel(untyped, 'f')).toThrow(
      /f: Conv 'conv1\.node': expected the type of 'conv1' in the file/,
    );
    expect(readModel(untyped, 'f').types.has('conv1')).toBe(false);
    const foreign = edited((_, graph) => {
      graph.node.unshift(onnx.NodeProto.create({ opType: 'Foo', input: ['x'], output: ['z'] }));
    });
    expect(() => decodeModel(foreign, 'f', { ops })).toThrow(
      /f: Foo 'z': expected an operator .* knows, got Foo/,
    );
  });

  it('reads Constant nodes as constants and ignores doc strings of others', () => {
    const bytes = edited((_, graph) => {
      const [target] = graph.initializer.splice(1, 1);
      const attribute = [
        { name: 'value', type: onnx.AttributeProto.AttributeType.TENSOR, t: target ?? null },
      ];
      graph.node.unshift(onnx.NodeProto.create({ opType: 'Constant', output: ['target'], attribute }));
      const [, conv] = graph.node;
      if (conv !== undefined) conv.docString = 'File "model.py", line 3';
    });
    const { graph } = decodeModel(bytes, 'f');
    expect(graph.constants[1]?.tensor.data).toEqual(BigInt64Array.of(-1n, 16n));
    expect(graph.nodes[0]?.layer).toBe('');
  });

  it('gives ort-train graphs back with the operators: shapes are attributes again', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 2, 4]);
    const flat = b.emit(ops.Reshape, [x], { shape: ['8*N'] }, 'flat');
    const rows = b.scope('head', () => b.emit(ops.Reshape, [flat], { shape: ['2*N', 4] }, 'rows'));
    const sum = b.emit(ops.ReduceSum, [rows], { axes: [1], keepdims: 0 }, 'sum');
    const cast = b.emit(ops.Cast, [sum], { to: 'int32' }, 'cast');
    const graph: Graph = b.finish('g', [{ name: 'cast', value: cast }]);
    expect(plain(decodeModel(encodeModel(graph), 'f', { ops }).graph)).toEqual(plain(graph));
  });
});

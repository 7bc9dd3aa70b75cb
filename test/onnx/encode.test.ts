import fc from 'fast-check';
import { onnx } from 'onnx-proto';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { newArray, tensorOf, type DType } from '../../src/ir/index.js';
import { decodeModel, encodeModel } from '../../src/onnx/index.js';
import { constantGraph, convGraph, fileOp, plain, value } from './graphs.js';

const seed = 20261124;

describe('encodeModel', () => {
  it('comes back from decodeModel: names, layers, attributes, weights, types', () => {
    const options = { metadata: { labels: 'a,b', ünï: '✓' }, docString: 'd', producerVersion: '0.1.0' };
    const bytes = encodeModel(convGraph(), { ...options, domains: { 'com.microsoft': 1 } });
    const model = decodeModel(bytes, 'test.onnx');
    const { nodes, constants, inputs } = convGraph();
    const [conv, leaky] = model.graph.nodes;
    expect(model.graph.inputs).toEqual(inputs);
    expect(model.graph.constants).toEqual(constants);
    expect(conv).toMatchObject({ name: 'conv1.node', layer: 'block1.conv1', attrs: nodes[0]?.attrs });
    expect(leaky).toMatchObject({ name: 'relu.node', layer: 'block1', attrs: { alpha: 0.1 } });
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(['conv1.relu', 'again', 'rows']);
    expect([...model.metadata]).toEqual(Object.entries(options.metadata));
    expect([...model.opset]).toEqual([
      ['', 18],
      ['com.microsoft', 1],
    ]);
    expect(model).toMatchObject({ producer: 'ort-train', producerVersion: '0.1.0', docString: 'd' });
    // What was decoded encodes to the very same bytes.
    expect(encodeModel(model.graph, { ...options, domains: { 'com.microsoft': 1 } })).toEqual(bytes);
  });

  it('runs in ONNX Runtime', async () => {
    const session = await ort.InferenceSession.create(encodeModel(convGraph()), { logSeverityLevel: 3 });
    const x = new ort.Tensor('float32', new Float32Array(72).fill(1), [2, 1, 6, 6]);
    const { rows, again } = await session.run({ x });
    await session.release();
    expect(rows?.dims).toEqual([4, 16]);
    expect(again?.dims).toEqual([2, 2, 4, 4]);
    // Each pixel is the sum of the channel's nine weights: -45/8 through the leak of 0.1, and 36/8.
    // The tolerance is a few float32 roundings.
    expect(Number(rows?.data[0])).toBeCloseTo(-0.5625, 6);
    expect(Number(rows?.data[16])).toBeCloseTo(4.5, 6);
  });

  it('writes IR version 8, raw data, recorded types of intermediate values and symbols', () => {
    const model = onnx.ModelProto.decode(encodeModel(convGraph()));
    const graph = model.graph;
    expect(Number(model.irVersion)).toBe(8);
    expect(graph?.initializer?.map(({ rawData }) => rawData?.length)).toEqual([72, 16]);
    expect(graph?.valueInfo?.map(({ name }) => name)).toEqual(['conv1']);
    expect(graph?.output?.[2]?.type?.tensorType?.shape?.dim?.[0]?.dimParam).toBe('2*N');
  });

  it('keeps every dtype, bit for bit', () => {
    const dtypes = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool'] as const;
    const tensor = fc
      .constantFrom<DType>(...dtypes)
      .chain((dtype) =>
        fc.record({ dtype: fc.constant(dtype), bytes: fc.uint8Array({ minLength: 0, maxLength: 64 }) }),
      );
    const property = fc.property(fc.array(tensor, { minLength: 1, maxLength: 5 }), (items) => {
      const tensors = items.map(({ dtype, bytes }, i) => {
        const size = Math.floor(bytes.length / 8);
        const data = newArray(dtype, size);
        new Uint8Array(data.buffer).set(bytes.subarray(0, data.byteLength));
        return [`t${i}`, { dtype, shape: [size], data }] as const;
      });
      const graph = constantGraph(new Map(tensors));
      const back = decodeModel(encodeModel(graph), 'x').graph.constants;
      back.forEach(({ tensor: { dtype, shape, data } }, i) => {
        const given = tensors[i]?.[1];
        expect({ dtype, shape }).toEqual({ dtype: given?.dtype, shape: given?.shape });
        // As bytes, since NaN has many.
        expect(new Uint8Array(data.buffer)).toEqual(given && new Uint8Array(given.data.buffer));
      });
    });
    fc.assert(property, { seed, numRuns: 100 });
  });

  it('keeps every attribute', () => {
    const safe = fc.maxSafeInteger();
    const float = fc.float({ noNaN: true });
    const attrs = fc.record({
      int: safe,
      ints: fc.array(safe),
      float,
      floats: fc.array(float),
      text: fc.string({ unit: 'grapheme' }),
      texts: fc.array(fc.string(), { minLength: 1 }),
    });
    const x = value('x', ['N']);
    const y = value('y', ['N']);
    const op = fileOp('Custom', [y], { floats: ['float', 'floats'] });
    const property = fc.property(attrs, (given) => {
      const node = { op, name: 'n', layer: 'l', inputs: [undefined, x], outputs: [y], attrs: given };
      const graph = {
        name: 'g',
        inputs: [x],
        constants: [],
        nodes: [node],
        outputs: [{ name: 'y', value: y }],
      };
      const back = decodeModel(encodeModel(graph), 'x').graph;
      const flat = (n: number): number => Math.fround(n) + 0;
      const rounded = (a: Record<string, unknown>): unknown => ({
        ...a,
        float: flat(a['float'] as number),
        floats: (a['floats'] as number[]).map(flat),
        int: (a['int'] as number) + 0,
        ints: (a['ints'] as number[]).map((n) => n + 0),
      });
      const came = back.nodes[0]?.attrs ?? {};
      expect(rounded(came)).toEqual(rounded(given));
      expect(back.nodes[0]?.inputs).toEqual([undefined, x]);
    });
    fc.assert(property, { seed, numRuns: 200 });
  });

  it('gives domains to operators that have one', () => {
    const x = value('x', [1]);
    const y = value('y', [1]);
    const node = {
      op: fileOp('com.microsoft.Gelu', [y]),
      name: 'n',
      layer: '',
      inputs: [x],
      outputs: [y],
      attrs: {},
    };
    const graph = {
      name: 'g',
      inputs: [x],
      constants: [],
      nodes: [node],
      outputs: [{ name: 'y', value: y }],
    };
    const model = decodeModel(encodeModel(graph), 'x');
    expect(plain(model.graph)).toEqual(plain(graph));
    expect(model.opset.get('com.microsoft')).toBe(1);
  });

  it('refuses more than 2 GB before it encodes, and says how much came', () => {
    // Nine views of one buffer: the memory is never there.
    const data = new Float32Array(2 ** 26);
    const tensors = Array.from(
      { length: 9 },
      (_, i) => [`w${i}`, { dtype: 'float32', shape: [2 ** 26], data }] as const,
    );
    expect(() => encodeModel(constantGraph(new Map(tensors)))).toThrow(
      /constants: expected a model of at most 2147483647 bytes .* got 2415919104 bytes; make the network smaller/,
    );
  });

  it('refuses fractions among integers, symbols where ONNX has none, and versions that are none', () => {
    const x = value('x', ['N', 2]);
    const y = value('y', ['N', 2]);
    const with_ = (op: ReturnType<typeof fileOp>, attrs: Record<string, unknown>) => () =>
      encodeModel({
        name: 'g',
        inputs: [x],
        constants: [],
        nodes: [
          { op, name: 'n', layer: '', inputs: [x], outputs: [y], attrs: attrs as Record<string, number> },
        ],
        outputs: [{ name: 'y', value: y }],
      });
    expect(with_(fileOp('Elu', [y]), { alpha: 0.5 })).toThrow(/Elu 'n': attribute 'alpha': .* got 0.5/);
    const expand = fileOp('Expand', [y], { tensorAttrs: { shape: 1 } });
    expect(with_(expand, { shape: ['M', 2] })).toThrow(
      /Expand 'n': attribute 'shape': expected a number at 0, got 'M'/,
    );
    expect(with_(fileOp('Fused', [y], { composite: true }), {})).toThrow(/lower the graph first/);
    expect(() => encodeModel(convGraph(), { opset: 1.5 })).toThrow(
      /opset: expected a whole number of at least 1, got 1.5/,
    );
  });

  it('names an int64 vector anew where its name is taken', () => {
    const x = value('shape/-1', [1]);
    const y = value('y', [1]);
    const op = fileOp('Reshape', [y], { tensorAttrs: { shape: 1 } });
    const node = { op, name: 'n', layer: '', inputs: [x], outputs: [y], attrs: { shape: [-1] } };
    const graph = {
      name: 'g',
      inputs: [x],
      constants: [],
      nodes: [node],
      outputs: [{ name: 'y', value: y }],
    };
    const { constants } = decodeModel(encodeModel(graph), 'x').graph;
    expect(constants).toEqual([
      { value: value('shape/-1_', [1], 'int64'), tensor: tensorOf('int64', [1], [-1]) },
    ]);
  });
});

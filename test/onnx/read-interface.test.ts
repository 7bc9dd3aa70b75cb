import { createTrainingArtifacts } from '../../src/artifacts/index.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModelError } from '../../src/errors.js';
import { readInterface } from '../../src/onnx/index.js';
import { proto } from '../../src/onnx/proto.js';
import { fieldsOf } from '../../src/onnx/wire.js';
import { tinyNetwork } from '../train/tiny.js';

const bytes = createTrainingArtifacts(tinyNetwork()).inference;

const FLOAT = 1;
const port = (name: string, dim: readonly object[]) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: [...dim] } } },
});

describe('readInterface', () => {
  test('finds what protobufjs finds', () => {
    const { graph, metadataProps, producerVersion, docString } = proto.ModelProto.decode(bytes);
    const found = readInterface(bytes, 'm');
    expect(found).toMatchObject({
      name: graph?.name,
      producerVersion,
      docString,
      opset: new Map([['', 18]]),
    });
    expect([...found.metadata]).toEqual(metadataProps.map(({ key, value }) => [key, value]));
    expect(found.metadata.size).toBeGreaterThan(3);
    expect(found.inputs).toEqual([{ name: 'input', dtype: 'float32', shape: ['N', 1, 8, 8] }]);
    expect(found.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['logits', ['N', 3]],
      ['probabilities', ['N', 3]],
    ]);
  });

  test('leaves weights out of the inputs, and open sizes open', () => {
    const model = proto.ModelProto.encode({
      opsetImport: [{ domain: 'ai.onnx', version: 18 }],
      graph: {
        name: 'old',
        input: [
          port('x', [{}, { dimValue: -1 }, { dimParam: 'H' }, { dimValue: 5 }]),
          port('w', [{ dimValue: 2 }]),
        ],
        output: [{ ...port('y', []), name: 'y' }],
        initializer: [{ name: 'w', dims: [2], dataType: FLOAT, rawData: new Uint8Array(8) }],
      },
    }).finish();
    expect(readInterface(model, 'm')).toMatchObject({
      inputs: [{ name: 'x', shape: ['unknown_x_0', 'unknown_x_1', 'H', 5] }],
      outputs: [{ name: 'y', shape: [] }],
    });
  });

  test('takes a message in two pieces for one', () => {
    const output = proto.ModelProto.encode({ graph: { output: [port('first', [])] } }).finish();
    const joined = new Uint8Array([...output, ...bytes]);
    expect(readInterface(joined, 'm').outputs.map(({ name }) => name)).toEqual([
      'first',
      'logits',
      'probabilities',
    ]);
  });

  test.each([0, 1, 100, 2000, bytes.length - 1])('refuses the first %i bytes of a file', (length) => {
    const read = (): unknown => readInterface(bytes.subarray(0, length), 'm.onnx');
    expect(read).toThrow(ModelError);
    expect(read).toThrow(new RegExp(`^m\\.onnx: expected an ONNX model, got ${length} bytes`));
  });

  test('throws ModelError only, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const damaged = bytes.slice();
        damaged[at] = value;
        try {
          readInterface(damaged, 'm');
        } catch (error) {
          expect(error).toBeInstanceOf(ModelError);
        }
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});

describe('fieldsOf', () => {
  test.each<readonly [what: string, bytes: readonly number[], message: RegExp]>([
    ['bytes that are announced and missing', [0x3a, 5, 1], /^5 bytes announced, 1 there$/],
    ['a number that does not end', [0x08, ...new Array<number>(11).fill(0xff)], /longer than 10 bytes/],
    ['a number that is cut off', [0x08, 0x80], /^1 bytes announced, 0 there$/],
    ['a group, which ONNX does not use', [0x0b], /^field 1 has the unknown wire type 3$/],
    ['field 0', [0x00, 0x00], /number 0/],
  ])('refuses %s', (_, message, error) => {
    expect(() => [...fieldsOf(Uint8Array.from(message))]).toThrow(RangeError);
    expect(() => [...fieldsOf(Uint8Array.from(message))]).toThrow(error);
  });

  test('gives numbers of 64 bits and skips fixed ones', () => {
    const message = [
      0x08,
      ...new Array<number>(9).fill(0xff),
      1,
      0x15,
      1,
      2,
      3,
      4,
      0x19,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      0x20,
      7,
    ];
    expect([...fieldsOf(Uint8Array.from(message))]).toEqual([
      { id: 1, value: 2n ** 64n - 1n },
      { id: 4, value: 7n },
    ]);
  });
});

import { onnx } from 'onnx-proto';
import { tensorOf, type Graph, type Shape, type TensorData } from '../../src/ir/index.js';
import { decodeModel } from '../../src/onnx/index.js';
import { proto } from '../../src/onnx/proto.js';
import { ops } from '../../src/ops/index.js';

/** A node of somebody else's file: its attributes as that file has them, constants for some of its inputs. */
export interface Foreign {
  readonly op: string;
  readonly opset: number;
  /** Shapes of float inputs, constants, or nothing; in the node's order. */
  readonly inputs: readonly (Shape | TensorData | undefined)[];
  readonly attributes?: Readonly<Record<string, number | string | readonly number[]>>;
  /** Attributes that are floats. */
  readonly floats?: Readonly<Record<string, number>>;
  readonly outputs?: number;
}

const FLOAT = 1;
const { AttributeType } = onnx.AttributeProto;

function attributeOf(name: string, value: number | string | readonly number[]): onnx.IAttributeProto {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if (typeof value === 'string')
    return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  return { name, type: AttributeType.INTS, ints: [...value] };
}

const isConstant = (input: Shape | TensorData | undefined): input is TensorData =>
  input !== undefined && 'dtype' in input;

/** The bytes of a model of that one node. */
export function fileOf({
  op,
  opset,
  inputs,
  attributes = {},
  floats = {},
  outputs = 1,
}: Foreign): Uint8Array {
  const codes: Readonly<Record<string, number>> = { float32: FLOAT, int64: 7 };
  const names = inputs.map((input, i) => (input === undefined ? '' : `x${i}`));
  return proto.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      name: 'foreign',
      node: [
        {
          opType: op,
          name: 'node',
          input: names,
          output: Array.from({ length: outputs }, (_, i) => `y${i}`),
          attribute: [
            ...Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
            ...Object.entries(floats).map(([name, f]) => ({ name, type: AttributeType.FLOAT, f })),
          ],
        },
      ],
      input: inputs.flatMap((input, i) => {
        if (input === undefined || isConstant(input)) return [];
        const dim = input.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
        return [{ name: `x${i}`, type: { tensorType: { elemType: FLOAT, shape: { dim } } } }];
      }),
      initializer: inputs.flatMap((input, i) => {
        if (!isConstant(input)) return [];
        const { dtype, shape, data } = input;
        const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        return [{ name: `x${i}`, dataType: codes[dtype] ?? 0, dims: [...shape], rawData }];
      }),
      output: [{ name: 'y0', type: { tensorType: { elemType: FLOAT } } }],
    },
  }).finish();
}

/** The graph of a node's file. */
export function decoded(foreign: Foreign): Graph {
  return decodeModel(fileOf(foreign), 'f.onnx', { ops }).graph;
}

/** An int64 vector. */
export const ints = (...values: number[]): TensorData => tensorOf('int64', [values.length], values);
export const image: Shape = [2, 2, 7, 6];
export const kernel: Shape = [2, 2, 3, 2];

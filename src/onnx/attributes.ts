import type { onnx } from 'onnx-proto';
import { GraphError, ModelError } from '../errors.js';
import type { AttrValue, DType, Node, TensorData } from '../ir/index.js';
import { dtypeCode, dtypeOf, toNumber } from './format.js';
import { proto } from './proto.js';
import { decodeTensor } from './tensor-proto.js';

type Present = Exclude<AttrValue, undefined>;

/** What an attribute of a file may be; a tensor only in what ort-train reads, never in a graph. */
export type FileAttr = Present | TensorData;

const utf8 = new TextEncoder();

/** An attribute for the file. Throws GraphError for a value that ONNX cannot store. */
export function encodeAttribute(node: Node, name: string, value: Present): onnx.IAttributeProto {
  const { AttributeType } = proto.AttributeProto;
  const isFloat = node.op.floats.includes(name);
  if (isCastTarget(node.op.name, name)) {
    return { name, type: AttributeType.INT, i: dtypeCode(value as DType) };
  }
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: utf8.encode(value) };
  if (typeof value === 'number') {
    if (isFloat) return { name, type: AttributeType.FLOAT, f: value };
    return { name, type: AttributeType.INT, i: integer(node, name, value) };
  }
  if (value.length > 0 && value.every((item) => typeof item === 'string')) {
    return { name, type: AttributeType.STRINGS, strings: value.map((item) => utf8.encode(String(item))) };
  }
  if (isFloat) return { name, type: AttributeType.FLOATS, floats: value.map(Number) };
  return { name, type: AttributeType.INTS, ints: value.map((item) => integer(node, name, item)) };
}

/** An attribute out of a file. Throws ModelError for kinds that ort-train does not read (subgraphs, sparse tensors). */
export function decodeAttribute(attr: onnx.IAttributeProto, opName: string, at: string): FileAttr {
  const { AttributeType } = proto.AttributeProto;
  const where = `${at}: attribute '${attr.name ?? ''}'`;
  switch (attr.type) {
    case AttributeType.INT: {
      const number = toNumber(attr.i ?? 0, where);
      return isCastTarget(opName, attr.name ?? '') ? dtypeOf(number, where) : number;
    }
    case AttributeType.FLOAT:
      return shortest(attr.f ?? 0);
    case AttributeType.STRING:
      return text(attr.s, where);
    case AttributeType.INTS:
      return (attr.ints ?? []).map((item) => toNumber(item, where));
    case AttributeType.FLOATS:
      return (attr.floats ?? []).map(shortest);
    case AttributeType.STRINGS:
      return (attr.strings ?? []).map((item) => text(item, where));
    case AttributeType.TENSOR:
      return decodeTensor(attr.t ?? {}, where);
    default: {
      const kind = AttributeType[attr.type ?? 0];
      throw new ModelError(
        `${where}: expected numbers, strings or a tensor, got ${kind ?? 'an unknown kind'}`,
      );
    }
  }
}

/** Whether the file stores the attribute as float. */
export function isFloatAttribute({ type }: onnx.IAttributeProto): boolean {
  const { AttributeType } = proto.AttributeProto;
  return type === AttributeType.FLOAT || type === AttributeType.FLOATS;
}

// `to` is a dtype in the graph and a number in the file.
function isCastTarget(opName: string, name: string): boolean {
  return opName === 'Cast' && name === 'to';
}

function integer(node: Node, name: string, value: number | string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new GraphError(
    `${node.op.name} '${node.name}': attribute '${name}': expected integers (floats are listed in the operator's 'floats'), got ${value}`,
  );
}

/** The shortest decimal that rounds to the float32: 0.9, not 0.8999999761581421. */
function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Object.is(Math.fround(candidate), value)) return candidate;
  }
  return value;
}

function text(bytes: Uint8Array | null | undefined, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes ?? new Uint8Array());
  } catch (cause) {
    throw new ModelError(`${where}: expected UTF-8 text, got other bytes`, { cause });
  }
}

import type { onnx } from 'onnx-proto';
import { defined } from '../checks.js';
import { ModelError } from '../errors.js';
import { standardDomain, toNumber } from './format.js';
import { decodePort, type Port } from './value-info.js';
import { fieldsOf, type Field } from './wire.js';

/** How a model describes itself, without its operators and weights. */
export interface ModelInterface {
  readonly name: string;
  readonly producer: string;
  readonly producerVersion: string;
  readonly docString: string;
  /** Operator set versions by domain; '' is the standard domain. */
  readonly opset: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Inputs that the caller feeds: weights listed among the inputs (old files) are left out. */
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/**
 * Reads what a model takes and gives and its metadata, and skips the rest: a few hundred bytes of a file of any size.
 * Throws ModelError for bytes that are not a whole ONNX model, for inputs or outputs that are no tensors of a supported
 * dtype, and for sparse weights.
 *
 * @example
 * const { metadata, inputs } = readInterface(bytes, 'model.onnx');
 */
export function readInterface(bytes: Uint8Array, source: string): ModelInterface {
  const { strings, opset, metadata, graph } = asModelError(bytes, source, () => readModelFields(bytes));
  if (graph === undefined || opset.length === 0) {
    throw new ModelError(
      `${source}: expected an ONNX model, got ${bytes.length} bytes without a graph or an operator set version`,
    );
  }
  if (graph.outputs.length === 0) {
    throw new ModelError(`${source}: expected a graph with outputs, got an empty graph '${graph.name}'`);
  }
  if (graph.sparse !== undefined) {
    throw new ModelError(`${source}: expected dense weights, got the sparse tensor '${graph.sparse}'`);
  }
  const weights = new Set(graph.weights);
  return {
    name: graph.name,
    producer: strings.get(2) ?? '',
    producerVersion: strings.get(3) ?? '',
    docString: strings.get(6) ?? '',
    opset: new Map(
      opset.map(({ domain, version }) => [standardDomain(domain), toNumber(version, `${source}: opset`)]),
    ),
    metadata,
    inputs: graph.inputs
      .filter(({ name }) => !weights.has(name ?? ''))
      .map((info) => decodePort(info, source)),
    outputs: graph.outputs.map((info) => decodePort(info, source)),
  };
}

/** Runs a decoder; what it cannot read is no ONNX model, or not all of one. */
export function asModelError<T>(bytes: Uint8Array, source: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new ModelError(
      `${source}: expected an ONNX model, got ${bytes.length} bytes that are none, or are cut off (${String(cause)})`,
      { cause },
    );
  }
}

// The numbers of the fields are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.

function readModelFields(bytes: Uint8Array) {
  const strings = new Map<number, string>();
  const opset: { readonly domain: string; readonly version: bigint }[] = [];
  const metadata = new Map<string, string>();
  let graph: GraphFields | undefined;
  for (const field of fieldsOf(bytes)) {
    if (field.id === 2 || field.id === 3 || field.id === 6) strings.set(field.id, text(field));
    else if (field.id === 7) {
      graph ??= { name: '', inputs: [], outputs: [], weights: [] };
      readGraph(message(field), graph);
    } else if (field.id === 8) {
      const [domain, version] = pick(field, 1, 2);
      opset.push({ domain: text(domain), version: version?.value ?? 0n });
    } else if (field.id === 14) {
      const [key, value] = pick(field, 1, 2);
      metadata.set(text(key), text(value));
    }
  }
  return { strings, opset, metadata, graph };
}

interface GraphFields {
  name: string;
  readonly inputs: onnx.IValueInfoProto[];
  readonly outputs: onnx.IValueInfoProto[];
  readonly weights: string[];
  sparse?: string;
}

/** Adds to `graph`: a message in several pieces is one. */
function readGraph(bytes: Uint8Array, graph: GraphFields): void {
  for (const field of fieldsOf(bytes)) {
    if (field.id === 2) graph.name = text(field);
    else if (field.id === 5) graph.weights.push(nameOfTensor(field));
    else if (field.id === 11) graph.inputs.push(readValueInfo(field));
    else if (field.id === 12) graph.outputs.push(readValueInfo(field));
    else if (field.id === 15) {
      const [values] = pick(field, 1);
      graph.sparse ??= values === undefined ? '' : nameOfTensor(values);
    }
  }
}

function nameOfTensor(tensor: Field): string {
  const [name] = pick(tensor, 8);
  return text(name);
}

function readValueInfo(info: Field): onnx.IValueInfoProto {
  const [name, type] = pick(info, 1, 2);
  const [tensor] = type === undefined ? [] : pick(type, 1);
  if (tensor === undefined) return { name: text(name) };
  const [elemType, shape] = pick(tensor, 1, 2);
  const dim: onnx.TensorShapeProto.IDimension[] = [];
  for (const field of shape === undefined ? [] : fieldsOf(message(shape))) {
    if (field.id === 1) dim.push(readDim(field));
  }
  return {
    name: text(name),
    type: {
      tensorType: {
        elemType: Number(elemType?.value ?? 0n),
        ...(shape !== undefined && { shape: { dim } }),
      },
    },
  };
}

function readDim(dim: Field): onnx.TensorShapeProto.IDimension {
  const [value, param] = pick(dim, 1, 2);
  return defined({
    dimValue: value?.value === undefined ? undefined : Number(BigInt.asIntN(64, value.value)),
    dimParam: param && text(param),
  });
}

/** The last field of each number in a message: protobuf's rule for fields that come once. */
function pick(parent: Field, ...ids: readonly number[]): readonly (Field | undefined)[] {
  const found = new Map<number, Field>();
  for (const field of fieldsOf(message(parent))) if (ids.includes(field.id)) found.set(field.id, field);
  return ids.map((id) => found.get(id));
}

function message({ id, bytes }: Field): Uint8Array {
  if (bytes === undefined) throw new RangeError(`field ${id} is a number, not a message`);
  return bytes;
}

function text(field: Field | undefined): string {
  return field === undefined ? '' : new TextDecoder().decode(message(field));
}

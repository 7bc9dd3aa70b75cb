import type { onnx } from 'onnx-proto';
import { ModelError, OrtTrainError } from '../errors.js';
import {
  GraphBuilder,
  type AttrValue,
  type Attrs,
  type Graph,
  type OpDef,
  type Shape,
  type TensorData,
  type TensorType,
  type Value,
} from '../ir/index.js';
import { dtypeOf, proto, toDim, toNumber } from './proto.js';
import { decodeTensor } from './tensor-proto.js';

/** One input or output of a model. */
export interface Port extends TensorType {
  readonly name: string;
}

/** What a model says of itself and of its ports; its weights are decoded on demand. */
export interface ModelSummary {
  readonly producer: string;
  readonly opset: number;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Name and tensor of each weight. */
  readonly initializers: () => ReadonlyMap<string, TensorData>;
}

/**
 * Reads a model's ports, metadata and weights. `where` names the file in errors. Throws ModelError for bytes that are
 * not a whole ONNX model.
 *
 * @example
 * const { inputs, metadata } = readModel(readFileSync('model.onnx'), 'model.onnx');
 */
export function readModel(bytes: Uint8Array, where: string): ModelSummary {
  const { model, graph } = parse(bytes, where);
  const weights = new Set(graph.initializer.map(({ name }) => name));
  return {
    producer: model.producerName,
    opset: opsetOf(model),
    description: model.docString,
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key ?? '', value ?? ''])),
    inputs: graph.input.filter(({ name }) => !weights.has(name)).map((info) => port(info, where)),
    outputs: graph.output.map((info) => port(info, where)),
    initializers: () => new Map(graph.initializer.map((t) => [t.name ?? '', decodeTensor(t, where)])),
  };
}

/**
 * The graph of an `.onnx` file in ort-train's own form; `findOp` looks operators up (`ops/` has one). Throws ModelError
 * for damaged bytes and for operators that ort-train does not know.
 *
 * @example
 * const graph = decodeModel(bytes, findOp, 'model.onnx');
 */
export function decodeModel(
  bytes: Uint8Array,
  findOp: (name: string) => OpDef | undefined,
  where: string,
): Graph {
  const { graph } = parse(bytes, where);
  const b = new GraphBuilder();
  const values = new Map<string, Value>();
  const tensors = new Map<string, TensorData>();
  const asAttrs = integersUsedAsAttrs(graph, findOp);
  for (const tensor of graph.initializer) {
    const name = tensor.name ?? '';
    const data = decodeTensor(tensor, where);
    tensors.set(name, data);
    if (!asAttrs.has(name)) values.set(name, b.initializer(data, name));
  }
  for (const info of graph.input) {
    const { name, dtype, shape } = port(info, where);
    if (!values.has(name)) values.set(name, b.input(name, dtype, shape));
  }
  for (const node of graph.node) addNode(b, node, { values, tensors, findOp, where });
  const outputs = graph.output.map(({ name }) => ({
    name: name ?? '',
    value: lookUp(values, name ?? '', where),
  }));
  return b.finish(graph.name, outputs);
}

function parse(bytes: Uint8Array, where: string): { model: onnx.ModelProto; graph: onnx.GraphProto } {
  let model: onnx.ModelProto;
  try {
    model = proto.ModelProto.decode(bytes);
  } catch (error) {
    throw new ModelError(`${where}: not an ONNX model, or cut off (${String(error)})`, { cause: error });
  }
  if (model.graph === null || model.graph === undefined || model.opsetImport.length === 0) {
    throw new ModelError(`${where}: not an ONNX model (${bytes.length} bytes without a graph)`);
  }
  return { model, graph: model.graph as onnx.GraphProto };
}

function opsetOf(model: onnx.ModelProto): number {
  const standard = model.opsetImport.find(
    ({ domain }) => domain === '' || domain === null || domain === undefined,
  );
  return toNumber(standard?.version ?? 0);
}

function port({ name, type }: onnx.IValueInfoProto, where: string): Port {
  const tensor = type?.tensorType;
  const dims = tensor?.shape?.dim ?? [];
  return {
    name: name ?? '',
    dtype: dtypeOf(tensor?.elemType, `${where}: '${name ?? ''}'`),
    shape: dims.map((dim, i) => toDim(dim, `d${i}`)),
  };
}

interface NodeContext {
  readonly values: Map<string, Value>;
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly findOp: (name: string) => OpDef | undefined;
  readonly where: string;
}

/** Initializers that stand in the place of attributes (axes, shapes). */
function integersUsedAsAttrs(graph: onnx.GraphProto, findOp: NodeContext['findOp']): ReadonlySet<string> {
  return new Set(
    graph.node.flatMap(({ opType, input }) => {
      const positions = Object.values(findOp(opType ?? '')?.tensorAttrs ?? {});
      return positions.flatMap((position) => input?.[position] ?? []);
    }),
  );
}

function addNode(
  b: GraphBuilder,
  node: onnx.INodeProto,
  { values, tensors, findOp, where }: NodeContext,
): void {
  const at = `${where}: node '${node.name ?? ''}'`;
  const op = findOp(node.opType ?? '');
  if (op === undefined || (node.domain ?? '') !== '') {
    const domain = (node.domain ?? '') === '' ? '' : `${node.domain ?? ''}.`;
    throw new ModelError(`${at}: ort-train does not know the operator ${domain}${node.opType ?? ''}`);
  }
  const names = [...(node.input ?? [])];
  const attrs: Record<string, AttrValue> = decodeAttrs(node, op, at);
  for (const [name, position] of Object.entries(op.tensorAttrs)) {
    const tensor = tensors.get(names[position] ?? '');
    if (tensor === undefined) continue;
    attrs[name] = Array.from(tensor.data, Number);
    names[position] = '';
  }
  const inputs = names.map((name) => (name === '' ? undefined : lookUp(values, name, at)));
  resolveShape(op, inputs, attrs);
  try {
    const outputs = b.emitAll(op, inputs, attrs, (node.output ?? [])[0]);
    node.output?.forEach((name, i) => {
      const output = outputs[i];
      if (output !== undefined) values.set(name, output);
    });
  } catch (error) {
    if (error instanceof OrtTrainError) throw new ModelError(`${at}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Turns 0 and -1 of Reshape, and the 1s of Expand, back into the dimensions that they stand for. */
function resolveShape(
  op: OpDef,
  inputs: readonly (Value | undefined)[],
  attrs: Record<string, AttrValue>,
): void {
  const input = inputs[0]?.shape ?? [];
  const wanted = attrs['shape'] as readonly number[] | undefined;
  if (wanted === undefined) return;
  if (op.name === 'Reshape') attrs['shape'] = resolveReshape(input, wanted);
  else if (op.name === 'Expand') {
    attrs['shape'] = wanted.map((dim, i) =>
      dim === 1 ? (input[i - wanted.length + input.length] ?? 1) : dim,
    );
  }
}

function resolveReshape(input: Shape, wanted: readonly number[]): Shape {
  const copied = wanted.map((dim, i) => (dim === 0 ? (input[i] ?? 0) : dim));
  if (!copied.includes(-1)) return copied;
  const left = [...input];
  for (const dim of copied) {
    const same = left.indexOf(dim);
    if (same >= 0) left.splice(same, 1);
  }
  const symbol = left.find((dim) => typeof dim === 'string') ?? '';
  const known = (dims: Shape): number =>
    dims.reduce<number>((p, d) => (typeof d === 'number' && d > 0 ? p * d : p), 1);
  const rest = known(input) / known(copied);
  return copied.map((dim) =>
    dim !== -1 ? dim : symbol === '' ? rest : rest === 1 ? symbol : `${rest}*${symbol}`,
  );
}

function decodeAttrs(node: onnx.INodeProto, op: OpDef, at: string): Record<string, AttrValue> {
  const { AttributeType } = proto.AttributeProto;
  const attrs: Record<string, AttrValue> = {};
  for (const { name, type, f, i, s, ints } of node.attribute ?? []) {
    const key = name ?? '';
    if (op.name === 'Cast' && key === 'to') attrs[key] = dtypeOf(toNumber(i), at);
    else if (type === AttributeType.INT) attrs[key] = toNumber(i);
    else if (type === AttributeType.FLOAT) attrs[key] = f ?? 0;
    else if (type === AttributeType.INTS) attrs[key] = (ints ?? []).map(toNumber);
    else if (type === AttributeType.STRING) attrs[key] = new TextDecoder().decode(s ?? new Uint8Array());
    else
      throw new ModelError(`${at}: attribute '${key}' of ${op.name} has a type that ort-train does not read`);
  }
  return attrs satisfies Attrs;
}

function lookUp(values: ReadonlyMap<string, Value>, name: string, where: string): Value {
  const value = values.get(name);
  if (value === undefined) throw new ModelError(`${where}: '${name}' is used before anything makes it`);
  return value;
}

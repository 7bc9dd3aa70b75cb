import type { onnx } from 'onnx-proto';
import { GraphError, ModelError } from '../errors.js';
import {
  splitDim,
  tensorOf,
  useCounts,
  type AttrValue,
  type DType,
  type Graph,
  type Node,
  type Shape,
  type TensorData,
  type Value,
} from '../ir/index.js';
import { dtypeCode, IR_VERSION, OPSET, proto } from './proto.js';
import { encodeTensor } from './tensor-proto.js';

/** Largest message that protobuf can hold. */
const MAX_BYTES = 2 ** 31 - 1;

/** What a model says of itself besides its graph. */
export interface ModelInfo {
  /** Shown by Netron. */
  readonly description?: string;
  /** Free text by name: class labels, normalisation, provenance. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The bytes of an `.onnx` file. Throws GraphError for operators that ONNX does not have (lower the graph first) and
 * ModelError for a model of more than 2 GB.
 *
 * @example
 * writeFileSync('model.onnx', encodeModel(lowerPortable(graph), { metadata: { author: 'me' } }));
 */
export function encodeModel(graph: Graph, info: ModelInfo = {}): Uint8Array {
  const bytes = graph.constants.reduce((sum, { tensor }) => sum + tensor.data.byteLength, 0);
  if (bytes > MAX_BYTES) {
    throw new ModelError(
      `${graph.name}: its weights take ${bytes} bytes; an .onnx file holds at most ${MAX_BYTES}, and external files are not supported yet`,
    );
  }
  const metadataProps = Object.entries(info.metadata ?? {}).map(([key, value]) => ({ key, value }));
  const model: onnx.IModelProto = {
    irVersion: IR_VERSION,
    producerName: 'ort-train',
    docString: info.description ?? '',
    opsetImport: [{ domain: '', version: OPSET }],
    graph: new GraphEncoder(graph).encode(),
    metadataProps,
  };
  return Uint8Array.from(proto.ModelProto.encode(model).finish());
}

class GraphEncoder {
  readonly #graph: Graph;
  readonly #renamed = new Map<Value, string>();
  readonly #initializers: onnx.ITensorProto[] = [];
  readonly #integers = new Map<string, string>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  encode(): onnx.IGraphProto {
    const graph = this.#graph;
    const copies = this.#nameOutputs();
    const counts = useCounts(graph);
    const nodes = graph.nodes.map((node) => this.#node(node, counts));
    const weights = graph.constants.map(({ value, tensor }) => encodeTensor(value.name, tensor));
    const outputs = new Set(graph.outputs.map(({ value }) => value));
    const inner = graph.nodes.flatMap((node) => node.outputs.filter((v) => counts.has(v) && !outputs.has(v)));
    return {
      name: graph.name,
      input: graph.inputs.map((value) => valueInfo(value.name, value)),
      output: graph.outputs.map(({ name, value }) => valueInfo(name, value)),
      initializer: [...weights, ...this.#initializers],
      node: [...nodes, ...copies],
      valueInfo: inner.map((value) => valueInfo(value.name, value)),
    };
  }

  /** The graph's outputs get their public names; what cannot be renamed (inputs, weights, twice returned) is copied. */
  #nameOutputs(): onnx.INodeProto[] {
    const made = new Set(this.#graph.nodes.flatMap((node) => node.outputs));
    const copies: onnx.INodeProto[] = [];
    for (const { name, value } of this.#graph.outputs) {
      if (name === value.name) continue;
      if (made.has(value) && !this.#renamed.has(value)) this.#renamed.set(value, name);
      else copies.push({ opType: 'Identity', name, input: [this.#name(value)], output: [name] });
    }
    return copies;
  }

  #name(value: Value | undefined): string {
    return value === undefined ? '' : (this.#renamed.get(value) ?? value.name);
  }

  #node(node: Node, counts: ReadonlyMap<Value, number>): onnx.INodeProto {
    if (node.op.composite) {
      throw new GraphError(
        `${this.#graph.name}: ${node.op.name} '${node.name}' is not an ONNX operator; lower the graph first`,
      );
    }
    const input = node.inputs.map((value) => this.#name(value));
    const attribute: onnx.IAttributeProto[] = [];
    for (const [name, value] of Object.entries(node.attrs)) {
      if (value === undefined) continue;
      const position = node.op.tensorAttrs[name];
      if (position === undefined) attribute.push(encodeAttr(node, name, value));
      else if (node.inputs[position] === undefined) {
        while (input.length < position) input.push('');
        input[position] = this.#integer(name, attrIntegers(node, value));
      }
    }
    const last = node.outputs.findLastIndex((output) => counts.has(output));
    const output = node.outputs.slice(0, last + 1).map((value) => this.#name(value));
    return { opType: node.op.name, name: node.name, input, output, attribute };
  }

  /** Name of an int64 vector that is stored once, however many nodes use it. */
  #integer(kind: string, values: readonly number[]): string {
    const key = values.join('_');
    const known = this.#integers.get(key);
    if (known !== undefined) return known;
    const name = `${kind}/${key}`;
    const tensor: TensorData = tensorOf('int64', [values.length], values);
    this.#initializers.push(encodeTensor(name, tensor));
    this.#integers.set(key, name);
    return name;
  }
}

/** A shape as ONNX wants it: a symbol is 0 (as in the input) or -1 (what remains) in Reshape, 1 (leave) in Expand. */
function attrIntegers(node: Node, value: AttrValue): readonly number[] {
  if (!Array.isArray(value))
    throw new GraphError(`${node.op.name} '${node.name}': expected integers, got ${String(value)}`);
  const input: Shape = node.inputs[0]?.shape ?? [];
  return (value as Shape).map((dim, i) => {
    if (typeof dim === 'number') return dim;
    if (node.op.name === 'Expand') return 1;
    return dim === input[i] ? 0 : -1;
  });
}

function encodeAttr(node: Node, name: string, value: AttrValue): onnx.IAttributeProto {
  const { AttributeType } = proto.AttributeProto;
  if (name === 'to') return { name, type: AttributeType.INT, i: dtypeCode(value as DType) };
  if (typeof value === 'string')
    return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (typeof value === 'number') {
    return node.op.floats.includes(name)
      ? { name, type: AttributeType.FLOAT, f: value }
      : { name, type: AttributeType.INT, i: value };
  }
  return { name, type: AttributeType.INTS, ints: (value as readonly number[]).slice() };
}

function valueInfo(name: string, { dtype, shape }: Value): onnx.IValueInfoProto {
  const dim = shape.map((d) => (splitDim(d)[1] === '' ? { dimValue: Number(d) } : { dimParam: String(d) }));
  return { name, type: { tensorType: { elemType: dtypeCode(dtype), shape: { dim } } } };
}

import type { onnx } from 'onnx-proto';
import { ModelError } from '../errors.js';
import type { TensorData, TensorType } from '../ir/index.js';
import { decodeAttribute, isFloatAttribute, type FileAttr } from './attributes.js';
import { LAYER_MARK } from './encode-graph.js';
import { joinOpName } from './format.js';
import { proto } from './proto.js';
import { asModelError, readInterface, type ModelInterface } from './read-interface.js';
import { decodeTensor } from './tensor-proto.js';
import { decodeTypes } from './value-info.js';

/** A node as the file has it: values by name, attributes decoded on demand. */
export interface ModelNode {
  readonly name: string;
  /** Operator, with its domain unless that is the standard one: `Conv`, `com.microsoft.FusedMatMul`. */
  readonly op: string;
  /** The layer that ort-train recorded, '' for others' files. */
  readonly layer: string;
  /** Names of the inputs; '' for an optional one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names of the attributes that the file stores as float. */
  readonly floats: readonly string[];
  /** The attributes. Throws ModelError, naming the node, for kinds that ort-train does not read. */
  readonly attributes: () => ReadonlyMap<string, FileAttr>;
}

/** All that a model contains, nothing inferred: enough to read weights from any producer's file. */
export interface ModelContents extends ModelInterface {
  /** In the file's order, which is topological. */
  readonly nodes: readonly ModelNode[];
  /** Types of the values that the file records, inputs and outputs included; values without a record are missing. */
  readonly types: ReadonlyMap<string, TensorType>;
  /** Initializers and the results of Constant nodes, by name. Throws ModelError for data that ort-train cannot read. */
  readonly constants: () => ReadonlyMap<string, TensorData>;
}

/**
 * Reads a model without judging its operators. `source` names the file in errors. Throws ModelError for bytes that are
 * not a whole ONNX model and for inputs or outputs that are no tensors of a supported dtype.
 *
 * @example
 * const { nodes, constants } = readModel(readFileSync('resnet18.onnx'), 'resnet18.onnx');
 * const weights = constants(); // weights.get('conv1.weight')
 */
export function readModel(bytes: Uint8Array, source: string): ModelContents {
  const described = readInterface(bytes, source);
  const graph = parse(bytes, source);
  const nodes = graph.node.map((node) => readNode(node, source));
  return {
    ...described,
    nodes,
    types: decodeTypes([...graph.valueInfo, ...graph.input, ...graph.output]),
    constants: () => constants(graph, nodes, source),
  };
}

// What protobufjs returns for nested messages; its types describe only what it accepts.
type Graph = Required<Pick<onnx.GraphProto, 'node' | 'initializer'>> &
  Pick<onnx.GraphProto, 'input' | 'output' | 'valueInfo'>;

function parse(bytes: Uint8Array, source: string): Graph {
  // A plain view: protobufjs treats Buffers in another, deprecated way.
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { graph } = asModelError(bytes, source, () => proto.ModelProto.decode(view));
  return graph as Graph;
}

function readNode(node: onnx.INodeProto, source: string): ModelNode {
  const name = node.name ?? '';
  const op = joinOpName(node.domain ?? '', node.opType ?? '');
  const docString = node.docString ?? '';
  const attribute = node.attribute ?? [];
  return {
    name,
    op,
    layer: docString.startsWith(LAYER_MARK) ? docString.slice(LAYER_MARK.length) : '',
    inputs: node.input ?? [],
    outputs: node.output ?? [],
    floats: attribute.filter(isFloatAttribute).map((each) => each.name ?? ''),
    attributes: () =>
      new Map(
        attribute.map((each) => [
          each.name ?? '',
          decodeAttribute(each, op, `${source}: ${op} '${name || (node.output?.[0] ?? '')}'`),
        ]),
      ),
  };
}

function constants(
  graph: Graph,
  nodes: readonly ModelNode[],
  source: string,
): ReadonlyMap<string, TensorData> {
  const tensors = new Map(
    graph.initializer.map((tensor) => [tensor.name ?? '', decodeTensor(tensor, source)]),
  );
  for (const { op, name, outputs, attributes } of nodes) {
    if (op !== 'Constant') continue;
    const value = attributes().get('value');
    if (typeof value !== 'object' || !('dtype' in value)) {
      throw new ModelError(`${source}: Constant '${name}': expected a tensor 'value', got another attribute`);
    }
    tensors.set(outputs[0] ?? '', value);
  }
  return tensors;
}

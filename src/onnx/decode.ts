import { messageOf, ModelError, OrtTrainError } from '../errors.js';
import {
  formatShape,
  verify,
  type AttrValue,
  type Constant,
  type Graph,
  type Node,
  type OpDef,
  type TensorData,
  type TensorType,
  type Value,
} from '../ir/index.js';
import { readModel, type ModelContents, type ModelNode } from './read.js';
import { resolveShape } from './resolve-shape.js';

/** A model as a graph, with its metadata. */
export interface DecodedModel extends Pick<
  ModelContents,
  'producer' | 'producerVersion' | 'docString' | 'opset' | 'metadata'
> {
  readonly graph: Graph;
}

/** How a model is decoded. */
export interface DecodeOptions {
  /**
   * Operators by name, as `ops/` has them. With them, types are inferred and an operator that is not
   * among them is an error. Without them, every type must be recorded in the file, and operators are stand-ins that can be
   * encoded and printed, but not differentiated.
   */
  readonly ops?: Readonly<Record<string, OpDef>>;
}

/**
 * The graph of an `.onnx` file. `source` names the file in errors. Names, layers and attributes come back as
 * `encodeModel` was given them. Throws ModelError for damaged bytes, for operators that are not among `ops`, and
 * without `ops` for values whose type the file does not record; `readModel` reads those files too.
 *
 * @example
 * const { graph, metadata } = decodeModel(bytes, 'model.onnx');
 */
export function decodeModel(bytes: Uint8Array, source: string, options: DecodeOptions = {}): DecodedModel {
  const contents = readModel(bytes, source);
  const graph = new GraphDecoder(contents, source, options.ops).decode();
  const { producer, producerVersion, docString, opset, metadata } = contents;
  return {
    graph: asModelErrors(source, () => verify(graph)),
    producer,
    producerVersion,
    docString,
    opset,
    metadata,
  };
}

class GraphDecoder {
  readonly #model: ModelContents;
  readonly #source: string;
  readonly #ops: DecodeOptions['ops'];
  readonly #tensors: ReadonlyMap<string, TensorData>;
  readonly #values = new Map<string, Value>();
  readonly #nodeNames = new Set<string>();
  readonly #nodes: Node[] = [];
  /** Tensors that a node takes as attributes; they leave the graph unless something else uses them too. */
  readonly #absorbed = new Set<string>();
  readonly #used = new Set<string>();

  constructor(model: ModelContents, source: string, ops: DecodeOptions['ops']) {
    this.#model = model;
    this.#source = source;
    this.#ops = ops;
    this.#tensors = model.constants();
  }

  decode(): Graph {
    const { name, inputs, outputs, nodes } = this.#model;
    const constants: Constant[] = [];
    for (const input of inputs) this.#values.set(input.name, input);
    for (const [tensorName, tensor] of this.#tensors) {
      const value = { name: tensorName, dtype: tensor.dtype, shape: tensor.shape };
      this.#values.set(tensorName, value);
      constants.push({ value, tensor });
    }
    for (const node of nodes) if (node.op !== 'Constant') this.#nodes.push(this.#node(node));
    const results = outputs.map((port) => ({ name: port.name, value: this.#output(port) }));
    return {
      name,
      inputs,
      constants: constants.filter(
        ({ value }) => this.#used.has(value.name) || !this.#absorbed.has(value.name),
      ),
      nodes: this.#nodes,
      outputs: results,
    };
  }

  #node(node: ModelNode): Node {
    const name = this.#nodeName(node);
    const at = `${this.#source}: ${node.op} '${name}'`;
    const op = this.#ops && Object.hasOwn(this.#ops, node.op) ? this.#ops[node.op] : undefined;
    if (this.#ops !== undefined && op === undefined) {
      throw new ModelError(`${at}: expected an operator that ort-train knows, got ${node.op}`);
    }
    const attrs = plainAttrs(node, at);
    const names = this.#absorb(node, op, attrs);
    const inputs = names.map((input) => (input === '' ? undefined : this.#value(input, at)));
    const recorded = node.outputs.map((output) => this.#model.types.get(output));
    if (op !== undefined)
      asModelErrors(at, () => {
        resolveShape(op, inputs, attrs, recorded[0]?.shape);
      });
    const [types, complete] =
      op === undefined
        ? [this.#known(node, recorded, at), attrs]
        : inferTypes(op, inputs, attrs, this.#model.opset.get('') ?? 1, at);
    const extra = node.outputs.findIndex((output, i) => output !== '' && i >= types.length);
    if (extra >= 0) {
      throw new ModelError(
        `${at}: expected at most ${types.length} outputs, got '${node.outputs[extra] ?? ''}' as output ${extra}`,
      );
    }
    const outputs = types.map((type, i): Value => {
      const output = node.outputs[i] ?? '';
      // An output that the file leaves out still has a place, and so a name, in the graph.
      return { name: output === '' ? `${name}.output${i}` : output, dtype: type.dtype, shape: type.shape };
    });
    outputs.forEach((value) => {
      if (this.#values.has(value.name)) {
        throw new ModelError(`${at}: expected new names, got '${value.name}' a second time`);
      }
      this.#values.set(value.name, value);
    });
    return { op: op ?? standIn(node, types), name, layer: node.layer, inputs, outputs, attrs: complete };
  }

  /** Takes tensors that are attributes in the graph out of the inputs; what a node computes stays an input. */
  #absorb(node: ModelNode, op: OpDef | undefined, attrs: Record<string, AttrValue>): string[] {
    const names = [...node.inputs];
    for (const [attr, position] of Object.entries(op?.tensorAttrs ?? {})) {
      const tensor = this.#tensors.get(names[position] ?? '');
      if (tensor === undefined) continue;
      if (tensor.shape.length > 1) continue;
      attrs[attr] = Array.from(tensor.data, Number);
      this.#absorbed.add(names[position] ?? '');
      names[position] = '';
    }
    return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
  }

  #known(node: ModelNode, recorded: readonly (TensorType | undefined)[], at: string): readonly TensorType[] {
    return recorded.map((type, i) => {
      if (type !== undefined) return type;
      throw new ModelError(
        `${at}: expected the type of '${node.outputs[i] ?? ''}' in the file, got none (give ops to infer it, or use readModel)`,
      );
    });
  }

  #nodeName({ name, outputs }: ModelNode): string {
    const wish = name === '' ? (outputs[0] ?? '') : name;
    let unique = wish;
    for (let n = 2; this.#nodeNames.has(unique); n++) unique = `${wish}_${n}`;
    this.#nodeNames.add(unique);
    return unique;
  }

  /** The value that the graph returns, which must be what the file promises (where it promises numbers). */
  #output(port: ModelContents['outputs'][number]): Value {
    const value = this.#value(port.name, `${this.#source}: outputs`);
    const differs = port.shape.some((dim, i) => {
      const came = value.shape[i];
      return typeof dim === 'number' && typeof came === 'number' && dim !== came;
    });
    const rankDiffers = this.#model.types.has(port.name) && port.shape.length !== value.shape.length;
    if (value.dtype !== port.dtype || rankDiffers || differs) {
      throw new ModelError(
        `${this.#source}: output '${port.name}': expected ${port.dtype}${formatShape(port.shape)} as the file says, ` +
          `got ${value.dtype}${formatShape(value.shape)}`,
      );
    }
    return value;
  }

  #value(name: string, at: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) throw new ModelError(`${at}: '${name}' is used before anything makes it`);
    this.#used.add(name);
    return value;
  }
}

function inferTypes(
  op: OpDef,
  inputs: Node['inputs'],
  attrs: Node['attrs'],
  opset: number,
  at: string,
): readonly [readonly TensorType[], Node['attrs']] {
  try {
    const complete = op.complete?.(attrs, inputs, opset) ?? attrs;
    return [op.infer(inputs, complete), complete];
  } catch (cause) {
    // Any error: operators trust their builders to give every input and attribute, and a file may not.
    throw new ModelError(`${at}: ${messageOf(cause)}`, { cause });
  }
}

function plainAttrs(node: ModelNode, at: string): Record<string, AttrValue> {
  const attrs: Record<string, AttrValue> = {};
  for (const [name, value] of node.attributes()) {
    if (typeof value === 'object' && 'dtype' in value) {
      throw new ModelError(`${at}: attribute '${name}': expected numbers or text, got a tensor`);
    }
    attrs[name] = value;
  }
  return attrs;
}

/** An operator that repeats what the file records, for files whose operators are not looked up. */
function standIn({ op, floats }: ModelNode, types: readonly TensorType[]): OpDef {
  return { name: op, infer: () => types, composite: false, floats, tensorAttrs: {} };
}

function asModelErrors<T>(at: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    if (cause instanceof ModelError || !(cause instanceof OrtTrainError)) throw cause;
    throw new ModelError(`${at}: ${cause.message}`, { cause });
  }
}

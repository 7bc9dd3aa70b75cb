import type { onnx } from 'onnx-proto';
import { GraphError } from '../errors.js';
import {
  tensorOf,
  useCounts,
  type AttrValue,
  type Graph,
  type Node,
  type Shape,
  type Value,
} from '../ir/index.js';
import { encodeAttribute } from './attributes.js';
import { splitOpName } from './format.js';
import { UNRETURNED } from './unreturned.js';
import { encodeTensor } from './tensor-proto.js';
import { encodeValueInfo } from './value-info.js';

/** Marks a node's doc string as the layer that it came from; other programs' doc strings have other contents. */
export const LAYER_MARK = 'layer: ';

/** The graph part of a model. Throws GraphError for operators, attributes and symbols that ONNX does not have. */
export function encodeGraph(graph: Graph): onnx.IGraphProto {
  return new GraphEncoder(graph).encode();
}

class GraphEncoder {
  readonly #graph: Graph;
  readonly #counts: ReadonlyMap<Value, number>;
  readonly #taken: ReadonlySet<string>;
  readonly #returned: ReadonlySet<Value>;
  readonly #renamed = new Map<Value, string>();
  readonly #initializers: onnx.ITensorProto[] = [];
  readonly #integers = new Map<string, string>();
  readonly #inner: onnx.IValueInfoProto[] = [];

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#counts = useCounts(graph);
    this.#returned = new Set(graph.outputs.map(({ value }) => value));
    const values = [...graph.inputs, ...graph.constants.map(({ value }) => value), ...madeBy(graph)];
    this.#taken = new Set([...values, ...graph.outputs].map(({ name }) => name));
  }

  encode(): onnx.IGraphProto {
    const graph = this.#graph;
    const copies = this.#nameOutputs();
    const node = graph.nodes.map((each) => this.#node(each));
    return {
      name: graph.name,
      input: graph.inputs.map((value) => encodeValueInfo(value.name, value)),
      output: graph.outputs.map(({ name, value }) => encodeValueInfo(name, value)),
      initializer: [
        ...graph.constants.map(({ value, tensor }) => encodeTensor(value.name, tensor)),
        ...this.#initializers,
      ],
      node: [...node, ...copies],
      valueInfo: this.#inner,
    };
  }

  /** The graph's outputs get their public names; what cannot be renamed (inputs, weights, twice returned) is copied. */
  #nameOutputs(): onnx.INodeProto[] {
    const { outputs } = this.#graph;
    const keeps = new Set(outputs.filter(({ name, value }) => name === value.name).map(({ value }) => value));
    const made = new Set(madeBy(this.#graph));
    const claimed = [...made].find((value) => value.name === UNRETURNED);
    if (claimed !== undefined) this.#renamed.set(claimed, this.#free(UNRETURNED));
    const nodes = new Set(this.#graph.nodes.map((node) => node.name));
    const copies: onnx.INodeProto[] = [];
    for (const { name, value } of outputs) {
      if (name === value.name) continue;
      if (made.has(value) && !keeps.has(value) && !this.#renamed.has(value)) this.#renamed.set(value, name);
      else {
        let copy = name;
        while (nodes.has(copy)) copy += '_';
        nodes.add(copy);
        copies.push({ opType: 'Identity', name: copy, input: [this.#name(value)], output: [name] });
      }
    }
    return copies;
  }

  /** A name like the one asked for that no value of the graph has. */
  #free(wish: string): string {
    let name = wish;
    while (this.#taken.has(name)) name += '_';
    return name;
  }

  #name(value: Value | undefined): string {
    return value === undefined ? '' : (this.#renamed.get(value) ?? value.name);
  }

  #node(node: Node): onnx.INodeProto {
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
      if (position === undefined) attribute.push(encodeAttribute(node, name, value));
      else if (node.inputs[position] === undefined) {
        while (input.length < position) input.push('');
        input[position] = this.#integer(name, attrIntegers(node, name, value));
      }
    }
    const [domain, opType] = splitOpName(node.op.name);
    return {
      opType,
      ...(domain === '' ? {} : { domain }),
      name: node.name,
      input,
      output: this.#outputs(node),
      attribute,
      ...(node.layer === '' ? {} : { docString: `${LAYER_MARK}${node.layer}` }),
    };
  }

  /** Names of the outputs; what is unused at the end is left out, so that it is not computed. */
  #outputs(node: Node): string[] {
    const last = node.outputs.findLastIndex((output) => this.#counts.has(output));
    return node.outputs.slice(0, Math.max(last, 0) + 1).map((value) => {
      const name = this.#name(value);
      if (!this.#returned.has(value)) this.#inner.push(encodeValueInfo(name, value));
      return name;
    });
  }

  /** Name of an int64 vector that is stored once, however many nodes use it. */
  #integer(kind: string, values: readonly number[]): string {
    const key = values.join('_');
    const known = this.#integers.get(key);
    if (known !== undefined) return known;
    const name = this.#free(`${kind}/${key}`);
    this.#initializers.push(encodeTensor(name, tensorOf('int64', [values.length], values)));
    this.#integers.set(key, name);
    return name;
  }
}

function madeBy(graph: Graph): readonly Value[] {
  return graph.nodes.flatMap((node) => node.outputs);
}

/** A shape as ONNX wants it: a symbol is 0 (as in the input) or -1 (what remains) in Reshape, 1 (leave) in Expand. */
function attrIntegers(node: Node, name: string, value: AttrValue): readonly number[] {
  const at = `${node.op.name} '${node.name}': attribute '${name}'`;
  if (!Array.isArray(value)) throw new GraphError(`${at}: expected integers, got ${String(value)}`);
  const wanted = value as Shape;
  const input: Shape = node.inputs[0]?.shape ?? [];
  const numbers = wanted.map((dim, i) => {
    if (typeof dim === 'number') {
      if (dim === 0 && node.op.name === 'Reshape' && input[i] !== 0) {
        throw new GraphError(`${at}: expected sizes of at least 1, got 0, which ONNX reads as the input's`);
      }
      return dim;
    }
    if (node.op.name === 'Reshape') return dim === input[i] ? 0 : -1;
    // 1 leaves a dimension as it is, so the input must have it already.
    if (node.op.name === 'Expand' && dim === input[i - wanted.length + input.length]) return 1;
    throw new GraphError(`${at}: expected a number at ${i}, got '${dim}', which ONNX cannot say here`);
  });
  if (node.op.name === 'Reshape' && numbers.filter((dim) => dim === -1).length > 1) {
    throw new GraphError(`${at}: expected one inferred dimension at most, got [${wanted.join(',')}]`);
  }
  return numbers;
}

import { ShapeError } from '../errors.js';
import type { Attrs, Constant, Graph, GraphOutput, Node, OpDef, Value } from './graph.js';
import {
  formatShape,
  staticSize,
  tensorOf,
  type DType,
  type Shape,
  type TensorData,
  type TensorType,
} from './tensor.js';
import { asInferred, verify } from './verify.js';

/** A value whose name is only a wish: it gives way to one that must have that name. */
type Yielding = { name: string } & TensorType;

/**
 * Collects nodes in topological order and names their values after the layers that they come from. The only mutable
 * object in the graph rooms: `finish` returns an immutable, verified graph.
 *
 * Inputs, weights and outputs get exactly the names asked for, since others find them by name. All other
 * names are wishes: where an exact one comes later, the value that had the name gets another, so that no layer's name can
 * clash with the graph's interface.
 */
export class GraphBuilder {
  readonly #inputs: Value[] = [];
  readonly #constants: Constant[] = [];
  readonly #nodes: Node[] = [];
  readonly #names = new Set<string>();
  readonly #yielding = new Map<string, Yielding>();
  readonly #counters = new Map<string, number>();
  readonly #pooled = new Map<string, Value>();
  #layer = '';

  /** The nodes so far, in order. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** Dotted path of the layer being built, '' at the top. */
  get layer(): string {
    return this.#layer;
  }

  /** Adds a graph input. */
  input(name: string, dtype: DType, shape: Shape): Value {
    const value = { name: this.#claim(name), dtype, shape };
    this.#inputs.push(value);
    return value;
  }

  /** Adds a tensor that the graph carries within itself; small equal ones are shared. */
  constant(tensor: TensorData, name = 'const'): Value {
    const size = staticSize(tensor.shape);
    if (size !== tensor.data.length) {
      throw new ShapeError(
        `constant ${formatShape(tensor.shape)}: expected ${size} elements, got ${tensor.data.length}`,
      );
    }
    const key =
      size <= 64
        ? `${tensor.dtype}${formatShape(tensor.shape)}=${Array.from(tensor.data, exactly).join(',')}`
        : undefined;
    const known = key === undefined ? undefined : this.#pooled.get(key);
    if (known !== undefined) return known;
    const value = this.carried(tensor, name);
    if (key !== undefined) this.#pooled.set(key, value);
    return value;
  }

  /** Adds a tensor under exactly this name: a weight. */
  initializer(tensor: TensorData, name: string): Value {
    const value = { name: this.#claim(name), dtype: tensor.dtype, shape: tensor.shape };
    this.#constants.push({ value, tensor });
    return value;
  }

  /** Adds a tensor that another graph carries, under its name there if that is free here. */
  carried(tensor: TensorData, name: string): Value {
    const value = this.#yield(this.#fresh(name), tensor);
    this.#constants.push({ value, tensor });
    return value;
  }

  /** A scalar constant, float32 unless said otherwise. */
  scalar(value: number, dtype: DType = 'float32'): Value {
    return this.constant(
      tensorOf(dtype, [], [value]),
      dtype === 'float32' ? `c_${scalarName(value)}` : `c_${dtype}`,
    );
  }

  /** Names what `body` adds after the layer `name`: layers nest, `resblock1` -> `conv1`. */
  scope<T>(name: string, body: () => T): T {
    const outer = this.#layer;
    if (name !== '') this.#layer = outer === '' ? name : `${outer}.${name}`;
    try {
      return body();
    } finally {
      this.#layer = outer;
    }
  }

  /** Like `scope`, but with a whole path that replaces the current one (for nodes of an earlier layer). */
  within<T>(layer: string, body: () => T): T {
    const outer = this.#layer;
    this.#layer = layer;
    try {
      return body();
    } finally {
      this.#layer = outer;
    }
  }

  /** Adds a node and returns its outputs. `name` is the wish for the first output's name, within the layer. */
  emitAll(
    op: OpDef,
    inputs: readonly (Value | undefined)[],
    attrs: Attrs = {},
    name?: string,
  ): readonly Value[] {
    const last = inputs.findLastIndex((input) => input !== undefined);
    const given = inputs.slice(0, last + 1);
    const [types, complete] = this.#infer(op, given, attrs);
    // In ONNX an empty name means an operand that is left out.
    const base = this.#fresh(this.#path(name === undefined || name === '' ? snake(op.name) : name));
    const outputs = types.map((type, i) => this.#yield(i === 0 ? base : this.#fresh(`${base}.${i}`), type));
    this.#nodes.push(
      asInferred({ op, name: base, layer: this.layer, inputs: given, outputs, attrs: complete }),
    );
    return outputs;
  }

  /** Adds an input of another graph as it is. */
  keepInput(value: Value): Value {
    this.#claim(value.name);
    this.#inputs.push(value);
    return value;
  }

  /** Adds a constant of another graph as it is. */
  keepConstant(constant: Constant): Value {
    this.#claim(constant.value.name);
    this.#constants.push(constant);
    return constant.value;
  }

  /**
   * Adds a node of another graph as it is, its values included, all of which this graph must have; false, and nothing is
   * added, where another value has one of its names.
   */
  keep(node: Node): boolean {
    const { outputs } = node;
    if (node.name !== outputs[0]?.name || outputs.some(({ name }) => this.#names.has(name))) return false;
    for (const { name } of outputs) this.#names.add(name);
    this.#nodes.push(node);
    return true;
  }

  /** Adds a node and returns its first output. */
  emit(op: OpDef, inputs: readonly (Value | undefined)[], attrs: Attrs = {}, name?: string): Value {
    const [first] = this.emitAll(op, inputs, attrs, name);
    if (first === undefined) throw new ShapeError(`${op.name} has no output`);
    return first;
  }

  /** The finished graph, verified. Dead nodes stay; `prune` removes them. */
  finish(name: string, outputs: readonly GraphOutput[]): Graph {
    for (const output of outputs) this.#reserve(output);
    return verify({
      name,
      inputs: [...this.#inputs],
      constants: [...this.#constants],
      nodes: [...this.#nodes],
      outputs,
    });
  }

  #infer(
    op: OpDef,
    inputs: readonly (Value | undefined)[],
    attrs: Attrs,
  ): readonly [ReturnType<OpDef['infer']>, Attrs] {
    try {
      const complete = op.complete?.(attrs, inputs) ?? attrs;
      return [op.infer(inputs, complete), complete];
    } catch (error) {
      if (!(error instanceof ShapeError) || this.layer === '') throw error;
      throw new ShapeError(`layer ${this.layer}: ${error.message}`, { cause: error });
    }
  }

  #path(name: string): string {
    return this.layer === '' ? name : `${this.layer}.${name}`;
  }

  /** Takes a name that must be exactly this one. */
  #claim(name: string): string {
    const holder = this.#yielding.get(name);
    if (holder !== undefined) this.#rename(holder);
    else if (this.#names.has(name)) throw new ShapeError(`two values are called '${name}'`);
    this.#names.add(name);
    return name;
  }

  /** Reserves an output's name: `verify` refuses one that an input or a weight has. */
  #reserve({ name, value }: GraphOutput): void {
    const holder = this.#yielding.get(name);
    if (holder !== undefined && holder !== value) this.#rename(holder);
    else this.#yielding.delete(name);
    this.#names.add(name);
  }

  #rename(value: Yielding): void {
    const { name } = value;
    this.#yielding.delete(name);
    value.name = this.#fresh(name);
    this.#yielding.set(value.name, value);
  }

  /** A value that has this name until an exact one needs it. */
  #yield(name: string, { dtype, shape }: TensorType): Value {
    const value = { name, dtype, shape };
    this.#yielding.set(name, value);
    return value;
  }

  #fresh(wish: string): string {
    let name = wish;
    for (let n = this.#counters.get(wish) ?? 1; this.#names.has(name);) {
      n += 1;
      this.#counters.set(wish, n);
      name = `${wish}_${n}`;
    }
    this.#names.add(name);
    return name;
  }
}

/** As text, in which -0 and 0 differ: they are equal, but not the same constant. */
function exactly(value: number | bigint): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function snake(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
}

function scalarName(value: number): string {
  return String(Number(value.toPrecision(7)))
    .replace('-', 'neg')
    .replace('+', '');
}

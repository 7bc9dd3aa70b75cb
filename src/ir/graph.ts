import type { Shape, TensorData, TensorType } from './tensor.js';

/** What an attribute of an operator may be. Numbers are integers unless the operator lists them under `floats`. */
export type AttrValue = number | string | readonly number[] | Shape | undefined;

/** Attributes of a node, by their ONNX names. */
export type Attrs = Readonly<Record<string, AttrValue>>;

/** One edge of the graph; made once, by one node, input or constant. */
export interface Value extends TensorType {
  /** Unique in its graph, readable in Netron: `resblock1.conv1.weight`. */
  readonly name: string;
}

/** What the graph must know about an operator; `ops/` adds the gradient rule. */
export interface OpDef {
  /** Name of the operator, in ONNX's spelling. */
  readonly name: string;
  /** Types of the outputs. Throws ShapeError for inputs that do not fit. */
  readonly infer: (inputs: readonly (TensorType | undefined)[], attrs: Attrs) => readonly TensorType[];
  /**
   * The attributes as `infer` and every pass read them: ONNX's defaults filled in; what the operator cannot do is refused by
   * name (ShapeError). `opset` is the operator set of the file that they come from. Without it they are taken as they are.
   */
  readonly complete?: (attrs: Attrs, inputs: readonly (TensorType | undefined)[], opset?: number) => Attrs;
  /** True for operators that ONNX does not have: a lowering must replace them before encoding. */
  readonly composite: boolean;
  /** Attributes that ONNX stores as float rather than int. */
  readonly floats: readonly string[];
  /** Attributes that ONNX takes as int64 tensors, with the position of that input. */
  readonly tensorAttrs: Readonly<Record<string, number>>;
}

/** One use of an operator. */
export interface Node {
  readonly op: OpDef;
  /** Name of the node, unique, e.g. `resblock1.conv1`. */
  readonly name: string;
  /** The layer that it came from, for error messages; '' outside any layer. */
  readonly layer: string;
  /** Optional inputs that are left out are undefined. */
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attrs: Attrs;
}

/** A value that the graph carries within itself. */
export interface Constant {
  readonly value: Value;
  readonly tensor: TensorData;
}

/** A graph in topological order, each value assigned once. */
export interface Graph {
  readonly name: string;
  /** What it is given, by name. */
  readonly inputs: readonly Value[];
  /** Tensors that are part of it. */
  readonly constants: readonly Constant[];
  /** Operators, each after those whose results it takes. */
  readonly nodes: readonly Node[];
  /** What the graph returns, by name; the names are the names of the values in ONNX. */
  readonly outputs: readonly GraphOutput[];
}

/** A named result of a graph. */
export interface GraphOutput {
  readonly name: string;
  readonly value: Value;
}

/** The name of a node within its layer, as the builder wants it. */
export function localName(node: Node): string {
  return node.layer !== '' && node.name.startsWith(`${node.layer}.`)
    ? node.name.slice(node.layer.length + 1)
    : node.name;
}

import { GraphError, ShapeError } from '../errors.js';
import type { Constant, Graph, Node, Value } from './graph.js';
import { formatType, sameShape, staticSize } from './tensor.js';

/**
 * Nodes whose recorded types are known to be those that their operators infer. A node never changes, and passes leave
 * most of them as they are: inferring them again in every pass took a third of a lowering's time.
 */
const inferred = new WeakSet<Node>();

/** Records that a node's types have just been inferred; returns the node. */
export function asInferred(node: Node): Node {
  inferred.add(node);
  return node;
}

/**
 * Checks a graph between passes: every value is made once and before it is used, names are unique, constants have
 * their recorded type, and the recorded types of other values are those that the operators infer. Throws GraphError that
 * names the node and its layer.
 *
 * @example
 * verify(graph); // returns the same graph, so that passes can be chained
 */
export function verify(graph: Graph): Graph {
  const made = new Set<Value>();
  const names = new Set<string>();
  const make = (value: Value, by: string | Node): void => {
    if (names.has(value.name)) {
      const who = typeof by === 'string' ? by : whereIs(graph, by);
      throw new GraphError(`${graph.name}: ${who} makes '${value.name}' a second time`);
    }
    names.add(value.name);
    made.add(value);
  };
  for (const input of graph.inputs) make(input, 'input');
  for (const constant of graph.constants) {
    checkConstant(graph, constant);
    make(constant.value, 'constant');
  }
  const nodes = new Set<string>();
  for (const node of graph.nodes) {
    if (nodes.has(node.name)) throw new GraphError(`${whereIs(graph, node)}: another node has its name`);
    nodes.add(node.name);
    for (const input of node.inputs) {
      if (input !== undefined && !made.has(input)) {
        throw new GraphError(`${whereIs(graph, node)} uses '${input.name}', which nothing before it makes`);
      }
    }
    if (!inferred.has(node)) {
      checkTypes(graph, node);
      inferred.add(node);
    }
    for (const output of node.outputs) make(output, node);
  }
  const outputs = new Set<string>();
  for (const { name, value } of graph.outputs) {
    if (!made.has(value))
      throw new GraphError(`${graph.name}: output '${name}' is '${value.name}', which nothing makes`);
    if (outputs.has(name)) throw new GraphError(`${graph.name}: two outputs are called '${name}'`);
    if (names.has(name) && name !== value.name) {
      throw new GraphError(`${graph.name}: output '${name}' has the name of another value`);
    }
    outputs.add(name);
  }
  return graph;
}

function checkConstant(graph: Graph, { value, tensor }: Constant): void {
  const size = staticSize(tensor.shape);
  const where = `${graph.name}: constant '${value.name}'`;
  if (tensor.dtype !== value.dtype || !sameShape(tensor.shape, value.shape)) {
    throw new GraphError(`${where}: expected ${formatType(value)}, got ${formatType(tensor)}`);
  }
  if (tensor.data.length !== size) {
    throw new GraphError(`${where}: expected ${size} elements, got ${tensor.data.length}`);
  }
}

function checkTypes(graph: Graph, node: Node): void {
  const types = infer(graph, node);
  if (types.length !== node.outputs.length) {
    throw new GraphError(
      `${whereIs(graph, node)}: expected ${types.length} outputs, got ${node.outputs.length}`,
    );
  }
  node.outputs.forEach((output, i) => {
    const type = types[i];
    if (type === undefined || type.dtype !== output.dtype || !sameShape(type.shape, output.shape)) {
      const expected = type === undefined ? 'nothing' : formatType(type);
      throw new GraphError(
        `${whereIs(graph, node)}: expected '${output.name}' to be ${expected}, got ${formatType(output)}`,
      );
    }
  });
}

function infer(graph: Graph, node: Node): ReturnType<Node['op']['infer']> {
  try {
    return node.op.infer(node.inputs, node.attrs);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new GraphError(`${whereIs(graph, node)}: ${error.message}`, { cause: error });
  }
}

function whereIs(graph: Graph, node: Node): string {
  return `${graph.name}: ${node.op.name} '${node.name}'${node.layer === '' ? '' : ` (layer ${node.layer})`}`;
}

import { ShapeError } from '../../errors.js';
import {
  localName,
  splitDim,
  tensorOf,
  type Attrs,
  type AttrValue,
  type Dim,
  type Graph,
  type Node,
  type Value,
} from '../../ir/index.js';
import { Builder } from '../../ops/index.js';

/**
 * The graph with its symbolic dimensions replaced by numbers: layouts are then known when the graph is built, and nothing
 * asks for a shape at run time, for which an image would have to lie as it does in the portable graph.
 *
 * @example
 * bindDims(graph, { N: 64 }); // float32[N,1,28,28] becomes float32[64,1,28,28]
 */
export function bindDims(graph: Graph, sizes: Readonly<Record<string, number>>): Graph {
  const bind = (dim: Dim): number => {
    const [factor, symbol] = splitDim(dim);
    if (symbol === '') return factor;
    const size = sizes[symbol];
    if (size === undefined) throw new ShapeError(`${graph.name}: expected a size for '${symbol}', got none`);
    return factor * size;
  };
  const b = new Builder();
  const map = new Map<Value, Value>();
  for (const { name, dtype, shape } of graph.inputs) put(name, b.input(name, dtype, shape.map(bind)));
  for (const { value, tensor } of graph.constants) map.set(value, b.initializer(tensor, value.name));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => (input === undefined ? undefined : map.get(input)));
    b.within(node.layer, () => {
      const outputs =
        shapeIn(node) ??
        b.emitAll(node.op, given(node, inputs), bindAttrs(node.attrs, bind), localName(node));
      node.outputs.forEach((output, i) => {
        const made = outputs[i];
        if (made !== undefined) map.set(output, made);
      });
    });
  }
  return b.finish(
    graph.name,
    graph.outputs.map(({ name, value }) => ({ name, value: map.get(value) ?? value })),
  );

  /** The constant that a node has become which asks for a shape. */
  function shapeIn({ op, inputs: [x] }: Node): readonly Value[] | undefined {
    if (op.name !== 'Shape' || x === undefined) return undefined;
    return [b.constant(tensorOf('int64', [x.shape.length], x.shape.map(bind)), 'shape')];
  }

  function put(name: string, value: Value): void {
    const original = graph.inputs.find((input) => input.name === name);
    if (original !== undefined) map.set(original, value);
  }
}

/** An expansion has its shape among the attributes, and needs none at run time. */
function given({ op }: Node, inputs: readonly (Value | undefined)[]): readonly (Value | undefined)[] {
  return op.name === 'Expand' ? inputs.slice(0, 1) : inputs;
}

/** Shapes among the attributes (of Reshape and Expand) get numbers too; strings that stand alone are no dimensions. */
function bindAttrs(attrs: Attrs, bind: (dim: Dim) => number): Attrs {
  const value = (attr: AttrValue): AttrValue =>
    Array.isArray(attr) ? (attr as readonly Dim[]).map(bind) : attr;
  return Object.fromEntries(Object.entries(attrs).map(([name, attr]) => [name, value(attr)]));
}

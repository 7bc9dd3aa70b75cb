import type { Dim, Graph, Node, Shape, Value } from '../../src/ir/index.js';
import { at, ndarray, type NdArray } from './array.js';
import { convolutions } from './conv.js';
import { elementwise } from './elementwise.js';
import type { Kernel } from './kernel.js';
import { layout } from './layout.js';
import { linear } from './linear.js';
import { norms } from './norm.js';
import { pools } from './pool.js';
import { reductions } from './reduce.js';

/** The reference's kernels, by the name of the operator. */
export const kernels: Readonly<Record<string, Kernel>> = {
  ...elementwise,
  ...reductions,
  ...layout,
  ...linear,
  ...convolutions,
  ...pools,
  ...norms,
};

/**
 * Evaluates a graph in float64, whatever dtypes it says, with plain loops that share nothing with gradient rules or
 * shape inference; `replacements` stand in for kernels that are too slow for whole networks. Throws where a value turns
 * out to have another shape than the graph records.
 */
export function evaluate(
  graph: Graph,
  feeds: Readonly<Record<string, NdArray>>,
  replacements: Readonly<Record<string, Kernel>> = {},
): Record<string, NdArray> {
  const symbols = new Map<string, number>();
  const values = new Map<Value, NdArray>();
  for (const value of graph.inputs) {
    const fed = feeds[value.name];
    if (fed === undefined) throw new TypeError(`reference: input '${value.name}' is not fed`);
    learnSymbols(symbols, value.shape, fed.shape);
    expectShape(value, fed, symbols);
    values.set(value, fed);
  }
  for (const { value, tensor } of graph.constants) {
    values.set(value, ndarray(tensor.shape, Array.from(tensor.data, Number)));
  }
  for (const node of graph.nodes) {
    const outputs = run(node, replacements[node.op.name] ?? kernels[node.op.name], values, symbols);
    node.outputs.forEach((value, i) => {
      const output = outputs[i];
      if (output === undefined) throw new TypeError(`reference: ${node.op.name} has no output ${i}`);
      expectShape(value, output, symbols);
      values.set(value, output);
    });
  }
  return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, valueOf(values, value)]));
}

function run(
  node: Node,
  kernel: Kernel | undefined,
  values: Map<Value, NdArray>,
  symbols: ReadonlyMap<string, number>,
): readonly NdArray[] {
  if (kernel === undefined) throw new TypeError(`reference: no kernel for ${node.op.name}`);
  const inputs = node.inputs.map((value) => (value === undefined ? undefined : valueOf(values, value)));
  return kernel({ inputs, attrs: node.attrs, bind: (shape) => bind(shape, symbols) });
}

function valueOf(values: ReadonlyMap<Value, NdArray>, value: Value): NdArray {
  const found = values.get(value);
  if (found === undefined) throw new TypeError(`reference: '${value.name}' is not computed`);
  return found;
}

/** The length of `3*N` or `N` or 3. */
function lengthOf(dim: Dim, symbols: ReadonlyMap<string, number>): number {
  if (typeof dim === 'number') return dim;
  const [last = '', factor = '1'] = dim.split('*').reverse();
  const length = symbols.get(last);
  if (length === undefined) throw new TypeError(`reference: nothing says how long ${dim} is`);
  return Number(factor) * length;
}

function bind(shape: Shape, symbols: ReadonlyMap<string, number>): number[] {
  return shape.map((dim) => lengthOf(dim, symbols));
}

function learnSymbols(symbols: Map<string, number>, shape: Shape, lengths: readonly number[]): void {
  shape.forEach((dim, i) => {
    if (typeof dim === 'string' && !dim.includes('*') && !symbols.has(dim)) symbols.set(dim, at(lengths, i));
  });
}

function expectShape(value: Value, array: NdArray, symbols: ReadonlyMap<string, number>): void {
  const expected = bind(value.shape, symbols);
  if (expected.join() !== array.shape.join()) {
    throw new TypeError(
      `reference: the graph says that '${value.name}' is [${expected.join(',')}], it is [${array.shape.join(',')}]`,
    );
  }
}

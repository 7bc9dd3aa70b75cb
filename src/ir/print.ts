import type { Attrs, Graph, Node, Value } from './graph.js';
import { formatType, type TensorData } from './tensor.js';

/**
 * The graph as text, one node a line, for reading and for snapshots.
 *
 * @example
 * print(graph);
 * // graph linear(x: float32[N,4], w: float32[4,2]) {
 * //   y: float32[N,2] = MatMul(x, w)
 * //   return y
 * // }
 */
export function print(graph: Graph): string {
  const inputs = graph.inputs.map((v) => `${v.name}: ${formatType(v)}`);
  const head = inputs.join(', ').length < 80 ? inputs.join(', ') : `\n  ${inputs.join(',\n  ')}\n`;
  const lines = [`graph ${graph.name}(${head}) {`];
  for (const { value, tensor } of graph.constants) {
    lines.push(`  const ${value.name}: ${formatType(value)} = ${preview(tensor)}`);
  }
  let layer = '';
  for (const node of graph.nodes) {
    if (node.layer !== layer) {
      layer = node.layer;
      lines.push(`  # ${layer === '' ? '(no layer)' : layer}`);
    }
    lines.push(`  ${printNode(node)}`);
  }
  const outputs = graph.outputs.map(({ name, value }) =>
    name === value.name ? name : `${name} = ${value.name}`,
  );
  lines.push(`  return ${outputs.join(', ')}`, '}');
  return `${lines.join('\n')}\n`;
}

function printNode(node: Node): string {
  const outputs = node.outputs.map((v) => `${v.name}: ${formatType(v)}`).join(', ');
  const inputs = node.inputs.map((v: Value | undefined) => v?.name ?? '_').join(', ');
  return `${outputs} = ${node.op.name}(${inputs})${printAttrs(node.attrs)}`;
}

function printAttrs(attrs: Attrs): string {
  const shown = Object.entries(attrs).filter(([, value]) => value !== undefined);
  if (shown.length === 0) return '';
  return ` {${shown.map(([name, value]) => `${name}=${Array.isArray(value) ? `[${value.join(',')}]` : String(value)}`).join(', ')}}`;
}

function preview({ data }: TensorData): string {
  const first = Array.from(data.subarray(0, 8), String).join(', ');
  return data.length === 1 ? first : `[${first}${data.length > 8 ? `, ... ${data.length} in all` : ''}]`;
}

import { buildGraph, type Network } from '../index.js';
import { columns, count } from './text.js';

/** One layer of a network. */
export interface LayerRow {
  /** As in the graph and in the weights' names: `resblock1.conv1`. */
  readonly name: string;
  /** Its operators, in order. */
  readonly kind: string;
  /** Shape of its output; the batch is `N`. */
  readonly shape: readonly (string | number)[];
  /** Trained numbers. */
  readonly parameters: number;
}

/** The layers of a network in the order of the forward pass. */
export function layersOf(network: Network): readonly LayerRow[] {
  const { nodes, outputs } = buildGraph(network, 'eval', { optimizer: { kind: 'sgd' } });
  const logits = outputs.find(({ name }) => name === 'logits')?.value.name;
  const last = nodes.findIndex((node) => node.outputs.some(({ name }) => name === logits));
  const rows: { name: string; ops: string[]; shape: readonly (string | number)[] }[] = [];
  for (const { layer, op, outputs } of nodes.slice(0, last + 1)) {
    // What is outside any layer splits the flat vectors.
    if (layer === '') continue;
    const shape = outputs[0]?.shape ?? [];
    const row = rows.at(-1);
    if (row?.name !== layer) rows.push({ name: layer, ops: [op.name], shape });
    else {
      row.ops.push(op.name);
      row.shape = shape;
    }
  }
  const counted = new Set<string>();
  return rows.map(({ name, ops, shape }) => {
    const own = network.state.filter(
      (spec) => spec.kind === 'parameter' && parentOf(spec.name) === name && !counted.has(spec.name),
    );
    own.forEach((spec) => counted.add(spec.name));
    const parameters = own.reduce((sum, spec) => sum + spec.shape.reduce((size, dim) => size * dim, 1), 0);
    return { name, kind: [...new Set(ops)].join(' + '), shape, parameters };
  });
}

/** A table of layers. */
export function summaryLines(network: Network, layers: readonly LayerRow[]): string[] {
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  const rows = layers.map(({ name, kind, shape, parameters }) => [
    name,
    kind,
    shape.join(' x '),
    parameters === 0 ? '' : count(parameters),
  ]);
  return [
    `${network.name}: input N x ${network.input.join(' x ')}, ${network.classes} classes`,
    '',
    ...columns(
      [['layer', 'operators', 'output', 'parameters'], ...rows, ['total', '', '', count(total)]],
      [3],
    ),
  ];
}

function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

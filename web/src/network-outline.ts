import { buildInferenceGraph, countParameters, type Graph, type Network } from 'ort-train';

type Node = Graph['nodes'][number];

/** What is drawn of a layer; ReLU and the like have no shape of their own. */
export type LayerKind = 'conv' | 'norm' | 'pool' | 'linear';

/** A layer as the picture shows it. */
export interface OutlineLayer {
  readonly kind: LayerKind;
  /** For people: `convolution 5×5`. */
  readonly label: string;
  /** Of its result. */
  readonly shape: readonly number[];
}

/** How a block's input gets to its output past the layers. */
export type OutlineShortcut = 'identity' | 'padded' | 'projection';

/** Layers that belong together: a residual block, its plain twin, or what lies between blocks. */
export interface OutlineGroup {
  /** Path of the block, `layer1.0`; '' outside blocks. */
  readonly name: string;
  readonly stage: string;
  readonly layers: readonly OutlineLayer[];
  /** Absent where the layers have no way around them. */
  readonly shortcut?: OutlineShortcut;
}

/** A network as the picture shows it. */
export interface Outline {
  readonly name: string;
  readonly parameters: number;
  readonly input: readonly number[];
  readonly classes: number;
  readonly groups: readonly OutlineGroup[];
}

/**
 * What to draw of a network, read from the very graph that is trained: its nodes name the layers they come from.
 *
 * @example
 * outlineOf(mnistCnn()).groups.filter(({ shortcut }) => shortcut).length; // 3
 */
export function outlineOf(network: Network): Outline {
  const size = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1);
  const weights = new Map(network.state.map(({ name, shape }) => [name, new Float32Array(size(shape))]));
  const { nodes } = buildInferenceGraph(network, weights);
  const groups: { name: string; nodes: Node[] }[] = [];
  for (const node of nodes) {
    if (node.layer === '') continue;
    const name = blockOf(node.layer);
    const last = groups.at(-1);
    if (last?.name === name) last.nodes.push(node);
    else groups.push({ name, nodes: [node] });
  }
  return {
    name: network.name,
    parameters: countParameters(network).trained,
    input: network.input,
    classes: network.classes,
    groups: groups
      .map(({ name, nodes: own }) => groupOf(name, own))
      .filter(({ layers }) => layers.length > 0),
  };
}

/** `layer1.0.conv1` -> `layer1.0`, `resblock1.conv1` -> `resblock1`, `conv1` -> ''. */
function blockOf(layer: string): string {
  const parts = layer.split('.');
  const numbered = parts.findIndex((part) => /^\d+$/.test(part));
  if (numbered >= 0) return parts.slice(0, numbered + 1).join('.');
  return parts.length > 1 ? (parts[0] ?? '') : '';
}

function groupOf(name: string, nodes: readonly Node[]): OutlineGroup {
  const within = (node: Node): string => node.layer.slice(name === '' ? 0 : name.length + 1);
  const isShortcut = (node: Node): boolean => /^(downsample\b|shortcut)/.test(within(node));
  const layers = nodes.filter((node) => !isShortcut(node)).flatMap(layerOf);
  const group = { name, stage: name.split('.')[0] ?? '', layers };
  if (!nodes.some(({ op }) => op.name === 'Add')) return group;
  const beside = nodes.filter(isShortcut);
  if (beside.length === 0) return { ...group, shortcut: 'identity' };
  return { ...group, shortcut: beside.some(({ op }) => op.name === 'Conv') ? 'projection' : 'padded' };
}

function layerOf({ op, attrs, outputs: [output] }: Node): OutlineLayer[] {
  const shape = (output?.shape ?? []).filter((dim): dim is number => typeof dim === 'number');
  const kernel = attrs['kernel_shape'];
  const sides = Array.isArray(kernel) ? ` ${kernel.join('×')}` : '';
  switch (op.name) {
    case 'Conv':
      return [{ kind: 'conv', label: `convolution${sides}`, shape }];
    case 'BatchNormalization':
      return [{ kind: 'norm', label: 'batch norm', shape }];
    case 'MaxPool':
      return [{ kind: 'pool', label: `max-pooling${sides}`, shape }];
    case 'GlobalAveragePool':
      return [{ kind: 'pool', label: 'average over all pixels', shape }];
    case 'Gemm':
      return [{ kind: 'linear', label: 'linear layer', shape }];
    default:
      return [];
  }
}

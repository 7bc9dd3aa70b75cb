/** What the walk must know about a node; nodes of a file have this form, those of a graph are converted. */
export interface WalkNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: () => ReadonlyMap<string, unknown>;
}

/** One weight of a layer, by the name that it has in its graph. */
export interface WeightRef {
  readonly name: string;
  /** As the layer uses it: [O,I,H,W] of a convolution, [O,I] of a linear layer, [C] of the rest. */
  readonly shape: readonly number[];
  /** Whether the graph stores the matrix as [I,O]. */
  readonly transposed: boolean;
}

/** A convolution or linear layer with the batch normalisation that follows it, or a batch normalisation by itself. */
export interface WeightLayer {
  readonly kind: 'conv' | 'linear' | 'norm';
  /** By role: `weight`, `bias`, `norm.weight`, `norm.bias`, `norm.mean`, `norm.variance`. */
  readonly parts: ReadonlyMap<string, WeightRef>;
  /** Indices of the layers that feed it, with nothing but operators without weights between. */
  readonly sources: readonly number[];
}

/** A layer while the walk may still add to it. */
interface Draft extends WeightLayer {
  readonly parts: Map<string, WeightRef>;
}

/**
 * The layers of a graph that have weights, in the order of its nodes. `shapeOf` gives the shape of a weight, undefined
 * for what is none. Linear layers are Gemm (alpha = beta = 1) and MatMul, with or without an Add; weights may come
 * through Identity and Transpose, as exporters write them.
 */
export function weightLayers(
  nodes: readonly WalkNode[],
  shapeOf: (name: string) => readonly number[] | undefined,
): readonly WeightLayer[] {
  const layers: Draft[] = [];
  /** Weights that a node made of a weight. */
  const made = new Map<string, WeightRef>();
  /** For each computed value, the layers that it comes from, and the one whose own result it is. */
  const sources = new Map<string, ReadonlySet<number>>();
  const results = new Map<string, number>();

  const find = (name = ''): WeightRef | undefined => {
    const shape = name === '' ? undefined : shapeOf(name);
    return shape === undefined ? made.get(name) : { name, shape, transposed: false };
  };
  const turned = (ref: WeightRef): WeightRef => ({
    ...ref,
    shape: ref.shape.toReversed(),
    transposed: !ref.transposed,
  });
  const layer = (
    kind: WeightLayer['kind'],
    node: WalkNode,
    given: [string, WeightRef | undefined][],
  ): void => {
    const parts = new Map(given.filter((part): part is [string, WeightRef] => part[1] !== undefined));
    const [x = '', y = ''] = [node.inputs[0], node.outputs[0]];
    layers.push({ kind, parts, sources: [...(sources.get(x) ?? [])].sort((a, b) => a - b) });
    results.set(y, layers.length - 1);
    sources.set(y, new Set([layers.length - 1]));
  };
  /** Adds parts to the layer whose own result is the node's input. */
  const extend = (x: string, y: string, given: readonly [string, WeightRef][]): boolean => {
    const index = results.get(x);
    const open = index === undefined ? undefined : layers[index];
    if (index === undefined || !open || given.some(([role]) => open.parts.has(role))) return false;
    for (const [role, ref] of given) open.parts.set(role, ref);
    results.set(y, index);
    sources.set(y, new Set([index]));
    return true;
  };
  const isPlainGemm = (attrs: ReadonlyMap<string, unknown>): boolean =>
    (attrs.get('alpha') ?? 1) === 1 &&
    (attrs.get('beta') ?? 1) === 1 &&
    Number(attrs.get('transA') ?? 0) === 0;

  /** Whether the node is part of a layer, or makes a weight of a weight. */
  const takes = (node: WalkNode): boolean => {
    const [x = '', w, b] = node.inputs;
    const [y = ''] = node.outputs;
    const weight = find(w);
    if (node.op === 'Conv' && weight) {
      layer('conv', node, [
        ['weight', weight],
        ['bias', find(b)],
      ]);
    } else if (node.op === 'Gemm' && weight?.shape.length === 2 && isPlainGemm(node.attributes())) {
      const stored = Number(node.attributes().get('transB') ?? 0) === 1;
      layer('linear', node, [
        ['weight', stored ? weight : turned(weight)],
        ['bias', find(b)],
      ]);
    } else if (node.op === 'MatMul' && weight?.shape.length === 2) {
      layer('linear', node, [['weight', turned(weight)]]);
    } else if (node.op === 'Add') {
      const bias = weight ?? find(x);
      const at = weight ? x : (w ?? '');
      const open = layers[results.get(at) ?? -1];
      return open?.kind === 'linear' && bias?.shape.length === 1 && extend(at, y, [['bias', bias]]);
    } else if (node.op === 'BatchNormalization') {
      const roles = ['norm.weight', 'norm.bias', 'norm.mean', 'norm.variance'];
      const parts = roles.flatMap((role, i): [string, WeightRef][] => {
        const ref = find(node.inputs[i + 1]);
        return ref ? [[role, ref]] : [];
      });
      if (!extend(x, y, parts)) layer('norm', node, parts);
    } else {
      const source = find(x);
      if (source && node.op === 'Identity') made.set(y, source);
      else if (source?.shape.length === 2 && node.op === 'Transpose') made.set(y, turned(source));
      else return false;
    }
    return true;
  };

  for (const node of nodes) {
    if (takes(node)) continue;
    const from = new Set(node.inputs.flatMap((input) => [...(sources.get(input) ?? [])]));
    for (const output of node.outputs) sources.set(output, from);
  }
  return layers;
}

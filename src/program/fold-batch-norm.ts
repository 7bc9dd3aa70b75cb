import {
  prune,
  staticShape,
  useCounts,
  type Constant,
  type Graph,
  type Node,
  type TensorData,
  type Value,
} from '../ir/index.js';

/** Key in `metadata_props` of a model whose batch normalisation is folded: its weights have no names of their own. */
export const foldedKey = 'ort_train.folded';

/**
 * The inference graph with each batch normalisation folded into the convolution before it, where nothing else uses that
 * convolution's result and all weights are constants:
 *
 *     w' = w * scale / sqrt(variance + epsilon)       (each output channel by its own factor)
 *     b' = bias + (b - mean) * scale / sqrt(variance + epsilon)
 *
 * computed in float64 and rounded once. Others, e.g. after a linear layer, stay. The new constants are called
 * `conv1.weight_folded` and `conv1.bias_folded`, so that they are not taken for the network's. Returns the same graph if
 * nothing was folded. Source: https://arxiv.org/abs/1712.05877, section 3.2
 *
 * @example
 * const graph = foldBatchNorm(lowerPortable(buildInferenceGraph(network, weights)));
 */
export function foldBatchNorm(graph: Graph): Graph {
  const tensors = new Map(graph.constants.map(({ value, tensor }) => [value, tensor]));
  const names = new Set(allNames(graph));
  const uses = useCounts(graph);
  const convs = new Map<Value, Node>();
  for (const node of graph.nodes) {
    const [y] = node.outputs;
    if (node.op.name === 'Conv' && y !== undefined && uses.get(y) === 1) convs.set(y, node);
  }
  const added: Constant[] = [];
  const constant = (wish: string, tensor: TensorData): Value => {
    let name = `${wish}_folded`;
    for (let n = 2; names.has(name); n++) name = `${wish}_folded_${n}`;
    names.add(name);
    const value: Value = { name, dtype: tensor.dtype, shape: tensor.shape };
    added.push({ value, tensor });
    return value;
  };
  /** What each convolution becomes, and the normalisations folded into it. */
  const folded = new Map<Node, Node>();
  const gone = new Set<Node>();
  for (const norm of graph.nodes) {
    const [x] = norm.inputs;
    const conv = x && convs.get(x);
    const weight = conv?.inputs[1];
    if (conv === undefined || weight === undefined || !isPlain(norm, uses)) continue;
    const made = fold(conv, norm, tensors);
    if (made === undefined) continue;
    const w = constant(weight.name, made.weight);
    const b = constant(conv.inputs[2]?.name ?? weight.name.replace(/(weight)?$/, 'bias'), made.bias);
    folded.set(conv, { ...conv, inputs: [conv.inputs[0], w, b], outputs: norm.outputs.slice(0, 1) });
    gone.add(norm);
  }
  if (gone.size === 0) return graph;
  const nodes = graph.nodes.filter((node) => !gone.has(node)).map((node) => folded.get(node) ?? node);
  return prune({ ...graph, nodes, constants: [...graph.constants, ...added] });
}

/** A batch normalisation with given statistics and one result. */
function isPlain({ op, attrs, outputs }: Node, uses: ReadonlyMap<Value, number>): boolean {
  return (
    op.name === 'BatchNormalization' &&
    (attrs['training_mode'] ?? 0) === 0 &&
    outputs.slice(1).every((output) => uses.get(output) === undefined)
  );
}

function fold(
  conv: Node,
  norm: Node,
  tensors: ReadonlyMap<Value, TensorData>,
): { readonly weight: TensorData; readonly bias: TensorData } | undefined {
  const data = (value: Value | undefined): Float32Array | undefined => {
    const values = value && tensors.get(value)?.data;
    return values instanceof Float32Array ? values : undefined;
  };
  const [, w, b] = conv.inputs;
  const weight = data(w);
  const [scale, offset, mean, variance] = norm.inputs.slice(1).map(data);
  if (!w || !weight || !scale || !offset || !mean || !variance || (b && !data(b))) return undefined;
  const { epsilon = 1e-5 } = norm.attrs;
  const factors = Array.from(scale, (s, c) => s / Math.sqrt((variance[c] ?? NaN) + Number(epsilon)));
  const inner = weight.length / factors.length;
  const before = data(b);
  return {
    weight: {
      dtype: 'float32',
      shape: staticShape(w.shape),
      data: weight.map((value, i) => value * (factors[Math.floor(i / inner)] ?? NaN)),
    },
    bias: {
      dtype: 'float32',
      shape: [factors.length],
      data: offset.map((value, c) => value + ((before?.[c] ?? 0) - (mean[c] ?? NaN)) * (factors[c] ?? NaN)),
    },
  };
}

function allNames({ inputs, constants, nodes, outputs }: Graph): string[] {
  const values = [
    ...inputs,
    ...constants.map(({ value }) => value),
    ...nodes.flatMap((node) => node.outputs),
  ];
  return [...values, ...outputs].map(({ name }) => name);
}

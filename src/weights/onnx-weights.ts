import { assert, CheckpointError } from '../errors.js';
import { formatShape, type TensorData } from '../ir/index.js';
import { buildNetwork, type Network } from '../net/index.js';
import { readModel } from '../onnx/index.js';
import { Builder } from '../ops/index.js';
import { pairLayers, pairWeights } from './pair-layers.js';
import { weightLayers, type WeightLayer, type WeightRef } from './weight-layers.js';
import { compareWeights, refuseProblems, type WeightMatch, type WeightOptions } from './weight-match.js';

/** What fits a network out of an `.onnx` file. */
export interface OnnxWeights extends WeightMatch {
  /** Whether weights were found by the file's names or, where an exporter had lost them, by their places in the graph. */
  readonly by: 'name' | 'position';
}

/**
 * Weights for a network out of any `.onnx` file. Initializers are found by name; where an exporter renamed them
 * (`onnx::Conv_123`), by the places of the convolutions, batch normalisations and linear layers in the graph.
 *
 * Throws ModelError for bytes that are no model, CheckpointError with the list of what is missing, unexpected or of
 * another type (with `strict: false` the result has that list instead), and always for a file whose batch normalisation
 * is folded into its convolutions: scale and statistics cannot be told apart any more.
 *
 * @example
 * const { weights } = weightsFromOnnx(network, readFileSync('resnet18.onnx'), 'resnet18.onnx');
 * const finetuned = weightsFromOnnx(replaceHead(network, 5), bytes, 'resnet18.onnx', { allowHead: true });
 */
export function weightsFromOnnx(
  network: Network,
  bytes: Uint8Array,
  name: string,
  options: WeightOptions = {},
): OnnxWeights {
  const { nodes, constants } = readModel(bytes, name);
  const tensors = constants();
  const theirs = weightLayers(nodes, (weight) => tensors.get(weight)?.shape);
  const own = layersOf(network);
  refuseFolded(own, theirs, `${name} does not fit the network ${network.name}`);
  const best = (): OnnxWeights => {
    const byName = matchNames(network, tensors, theirs, options);
    if (byName.problems.length === 0) return byName;
    const byPosition = matchPositions(network, tensors, own, theirs, options);
    if (byPosition.problems.length === 0) return byPosition;
    return byPosition.weights.size > byName.weights.size ? byPosition : byName;
  };
  const match = best();
  if (options.strict ?? true) refuseProblems(network, match.problems, name);
  return match;
}

type Tensors = ReadonlyMap<string, TensorData>;

function matchNames(
  network: Network,
  tensors: Tensors,
  theirs: readonly WeightLayer[],
  options: WeightOptions,
): OnnxWeights {
  const named = new Map<string, TensorData>();
  for (const { name } of network.state) {
    const tensor = tensors.get(name);
    if (tensor !== undefined) named.set(name, tensor);
  }
  // Constants that no layer uses (shapes, factors) are not weights, and none is missing.
  for (const { parts } of theirs) for (const ref of parts.values()) named.set(ref.name, take(tensors, ref));
  return { ...compareWeights(network, named, options), by: 'name' };
}

function matchPositions(
  network: Network,
  tensors: Tensors,
  own: readonly WeightLayer[],
  theirs: readonly WeightLayer[],
  options: WeightOptions,
): OnnxWeights {
  const { taken, left } = pairWeights(pairLayers(own, theirs));
  const named = new Map([...taken].map(([name, ref]) => [name, take(tensors, ref)]));
  const match = compareWeights(network, named, options);
  const unexpected = left.map(({ name, shape }) => ({
    kind: 'unexpected' as const,
    name,
    message: `'${name}' ${formatShape(shape)} is unexpected`,
  }));
  return { ...match, problems: [...match.problems, ...unexpected], by: 'position' };
}

/** The weight as PyTorch lays it out: a linear layer's as [O,I]. */
function take(tensors: Tensors, { name, transposed }: WeightRef): TensorData {
  const tensor = tensors.get(name);
  assert(tensor, `'${name}' has no tensor`);
  const [rows = 0, columns = 0] = tensor.shape;
  if (!transposed || !(tensor.data instanceof Float32Array)) return tensor;
  const { data } = tensor;
  const turned = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[j * rows + i] = data[i * columns + j] ?? NaN;
  }
  return { dtype: 'float32', shape: [columns, rows], data: turned };
}

/** The layers of the network's own graph, weights by the network's names. */
function layersOf(network: Network): readonly WeightLayer[] {
  const b = new Builder();
  const names = new Map(network.state.map(({ name }) => [`state.${name}`, name]));
  const shapes = new Map(network.state.map(({ name, shape }) => [name, shape]));
  const logits = buildNetwork(b, network, b.input('input', 'float32', ['N', ...network.input]), {
    training: false,
    take: ({ name, shape }) => b.input(`state.${name}`, 'float32', shape),
    update: () => undefined,
  });
  const { nodes } = b.finish(network.name, [{ name: 'logits', value: logits }]);
  // Other values may have the name of a weight in the checkpoint.
  let own = 'value.';
  while (network.state.some(({ name }) => name.startsWith(own))) own += '.';
  const nameOf = (name = ''): string => names.get(name) ?? `${own}${name}`;
  const walked = nodes.map(({ op, inputs, outputs, attrs }) => ({
    op: op.name,
    inputs: inputs.map((value) => (value === undefined ? '' : nameOf(value.name))),
    outputs: outputs.map(({ name }) => nameOf(name)),
    // In the file truth values are numbers.
    attributes: () => new Map<string, unknown>(Object.entries(attrs)),
  }));
  return weightLayers(walked, (name) => shapes.get(name));
}

function refuseFolded(own: readonly WeightLayer[], theirs: readonly WeightLayer[], what: string): void {
  const convs = (layers: readonly WeightLayer[]): WeightLayer[] =>
    layers.filter(({ kind }) => kind === 'conv');
  const isNormed = (layer: WeightLayer | undefined): boolean => layer?.parts.has('norm.weight') ?? false;
  const mine = convs(own);
  const folded = convs(theirs).find(({ parts }, i) => {
    const [weight, expected] = [parts.get('weight'), mine[i]?.parts.get('weight')];
    const isSame = weight && expected && formatShape(weight.shape) === formatShape(expected.shape);
    return isSame && isNormed(mine[i]) && !parts.has('norm.weight') && parts.has('bias');
  });
  if (folded === undefined) return;
  throw new CheckpointError(
    `${what}: its batch normalisation is folded into its convolutions: expected a BatchNormalization after the one ` +
      `with '${folded.parts.get('weight')?.name ?? ''}', got a bias. Export it unfolded: with ort-train ` +
      'foldBatchNorm: false, with PyTorch torch.onnx.export(model.eval(), ..., ' +
      'training=torch.onnx.TrainingMode.PRESERVE), or save the state_dict as safetensors',
  );
}

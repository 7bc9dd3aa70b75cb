import { lowerPortable } from '../lower/index.js';
import { staticSize } from '../ir/index.js';
import type { CrossEntropyOptions } from '../models/index.js';
import type { Network } from '../net/index.js';
import { checkModelSize, encodeModel, portsOf, type Ports } from '../onnx/index.js';
import type { OptimizerOptions } from '../optim/index.js';
import { encodeInitialCheckpoint } from '../weights/index.js';
import { buildGraph } from '../program/index.js';
import { describedInferenceModel, type CardOptions } from './inference.js';
import { describeArtifacts, type Manifest } from './manifest.js';

/** What `createTrainingArtifacts` takes besides the network. */
export interface ArtifactOptions extends CardOptions {
  /** Default: Adam with PyTorch's defaults. */
  readonly optimizer?: OptimizerOptions;
  /** Default: the mean cross-entropy of the batch. */
  readonly loss?: CrossEntropyOptions;
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
  /** Weights to start from instead, by name. */
  readonly weights?: ReadonlyMap<string, Float32Array>;
}

/** Everything that another ONNX Runtime needs to train and to use a network. */
export interface TrainingArtifacts {
  /** params, (buffers, frozen,) input, target -> loss, correct, grad, (buffers_next). */
  readonly training: Uint8Array;
  /** params, (buffers, frozen,) input, target -> loss, correct, logits. */
  readonly eval: Uint8Array;
  /** params, grad, the optimizer's vectors, lr, step -> params_next and the vectors' next values. */
  readonly optimizer: Uint8Array;
  /** input -> logits, probabilities; the initial weights inside. */
  readonly inference: Uint8Array;
  /** The initial weights and buffers as safetensors; the optimizer's vectors start as zeros and are not in it. */
  readonly checkpoint: Uint8Array;
  readonly manifest: Manifest;
}

interface DescribedModel {
  readonly bytes: Uint8Array;
  readonly ports: Ports;
}

/**
 * Training artifacts of a network: four `.onnx` models of standard-domain operators only, a checkpoint and a manifest.
 * Any ONNX Runtime (Python, C#, Java, phones) trains from them: run the training model, hand `params` and `grad` to the
 * optimizer model, repeat. Throws ModelError for a network of more than 2 GB, CheckpointError for weights that do not fit.
 *
 * @example
 * const artifacts = createTrainingArtifacts(presetNetwork('mnist-cnn'), { optimizer: { kind: 'adam' } });
 * await writeTrainingArtifacts('artifacts/mnist-cnn', artifacts);
 */
export function createTrainingArtifacts(network: Network, options: ArtifactOptions = {}): TrainingArtifacts {
  const { optimizer = { kind: 'adam' }, loss = {}, seed = 0, weights, ...card } = options;
  const elements = network.state.reduce((sum, { shape }) => sum + staticSize(shape), 0);
  // The inference model holds all weights: checked before they are drawn.
  checkModelSize(`${network.name}-inference`, elements * Float32Array.BYTES_PER_ELEMENT);
  // First, because it refuses weights that do not fit the network.
  const checkpoint = encodeInitialCheckpoint(network, optimizer, weights ?? seed);
  const compile = (kind: 'training' | 'eval' | 'optimizer'): DescribedModel => {
    const graph = lowerPortable(buildGraph(network, kind, { optimizer, loss }));
    return { bytes: encodeModel(graph), ports: portsOf(graph) };
  };
  const training = compile('training');
  const evaluation = compile('eval');
  const step = compile('optimizer');
  const inference = describedInferenceModel(network, checkpoint.weights, card);
  return {
    training: training.bytes,
    eval: evaluation.bytes,
    optimizer: step.bytes,
    inference: inference.bytes,
    checkpoint: checkpoint.bytes,
    manifest: describeArtifacts(network, optimizer, loss, {
      training: training.ports,
      eval: evaluation.ports,
      optimizer: step.ports,
      inference: inference.ports,
    }),
  };
}

import type { CrossEntropyOptions } from '../models/index.js';
import type { Network } from '../net/index.js';
import type { OptimizerOptions } from '../optim/index.js';
import { encodeCheckpoint } from './checkpoint.js';
import { compileModel } from './compile.js';
import { encodeInferenceModel, type CardOptions } from './inference.js';
import { describeArtifacts, type Manifest } from './manifest.js';
import { freshState, namedWeights, stateFrom } from './state.js';

/** What `createTrainingArtifacts` takes besides the network. */
export interface ArtifactOptions extends CardOptions {
  /** Default: Adam with PyTorch's defaults. */
  readonly optimizer?: OptimizerOptions;
  readonly loss?: CrossEntropyOptions;
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
  /** Weights to start from instead, by name. */
  readonly weights?: ReadonlyMap<string, Float32Array>;
}

/** Everything that another ONNX Runtime needs to train and to use a network. */
export interface TrainingArtifacts {
  /** params, (buffers,) input, target -> loss, correct, grad, (buffers_next). */
  readonly training: Uint8Array;
  /** params, (buffers,) input, target -> loss, correct, logits. */
  readonly eval: Uint8Array;
  /** params, grad, the optimizer's vectors, lr, step -> params_next and the vectors' next values. */
  readonly optimizer: Uint8Array;
  /** input -> logits, probabilities; the initial weights inside. */
  readonly inference: Uint8Array;
  /** The initial state as safetensors. */
  readonly checkpoint: Uint8Array;
  readonly manifest: Manifest;
}

/**
 * Training artifacts of a network: four `.onnx` models of standard-domain operators only, a checkpoint and a manifest.
 * Any ONNX Runtime (Python, C#, Java, phones) trains from them: run the training model, hand `params` and `grad` to the
 * optimizer model, repeat.
 *
 * @example
 * const artifacts = createTrainingArtifacts(presetNetwork('mnist-cnn'), { optimizer: { kind: 'adam' } });
 * await writeTrainingArtifacts('artifacts/mnist-cnn', artifacts);
 */
export function createTrainingArtifacts(network: Network, options: ArtifactOptions = {}): TrainingArtifacts {
  const { optimizer = { kind: 'adam' }, loss = {}, seed = 0, weights, ...card } = options;
  const state =
    weights === undefined ? freshState(network, optimizer, seed) : stateFrom(network, optimizer, weights);
  const compile = (kind: 'training' | 'eval' | 'optimizer'): Uint8Array =>
    compileModel(network, kind, { optimizer, loss });
  const models = {
    training: compile('training'),
    eval: compile('eval'),
    optimizer: compile('optimizer'),
    inference: encodeInferenceModel(network, namedWeights(network, state), card),
  };
  return {
    ...models,
    checkpoint: encodeCheckpoint(network, optimizer, { state, progress: { step: 0, epoch: 0, extra: null } }),
    manifest: describeArtifacts(network, optimizer, loss, models),
  };
}

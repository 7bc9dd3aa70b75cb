import { CheckpointError, OptionError } from '../errors.js';
import type { TensorData } from '../ir/index.js';
import { frozenNames, headNames, initialState, type Network, type NetworkWeights } from '../net/index.js';
import { weightsFromOnnx } from './onnx-weights.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';
import { namedWeights } from './state.js';
import { compareWeights, refuseProblems, type WeightMatch, type WeightOptions } from './weight-match.js';

/**
 * Weights for a network out of a safetensors file under torchvision's names. Throws CheckpointError for a damaged file,
 * and with the list of what is missing, unexpected or of another type; with `strict: false` the result has that list.
 *
 * @example
 * const { weights } = weightsFromSafetensors(network, readFileSync('resnet18.safetensors'), 'resnet18.safetensors');
 */
export function weightsFromSafetensors(
  network: Network,
  bytes: Uint8Array,
  name: string,
  options: WeightOptions = {},
): WeightMatch {
  const match = compareWeights(network, decodeSafetensors(bytes, name).tensors, options);
  if (options.strict ?? true) refuseProblems(network, match.problems, name);
  return match;
}

/**
 * Weights with fresh ones, drawn from `seed`, in the place of those that are missing: a new head, a new layer.
 *
 * @example
 * const { weights } = weightsFromSafetensors(network, bytes, 'resnet18.safetensors', { allowHead: true });
 * const start = completeWeights(network, weights, 0);
 */
export function completeWeights(
  network: Network,
  weights: ReadonlyMap<string, Float32Array>,
  seed = 0,
): ReadonlyMap<string, Float32Array> {
  const fresh = initialState(network, seed);
  return new Map([...fresh].map(([name, values]) => [name, weights.get(name) ?? values]));
}

/** What `startingWeights` does with the last linear layer. */
export interface StartingOptions {
  /** Whether the last linear layer is drawn from `seed`, whatever the file has of it; default false. */
  readonly freshHead?: boolean;
  /** Seed of what is drawn; default 0. */
  readonly seed?: number;
}

/**
 * The weights that training starts from, out of a file: a checkpoint or another safetensors file, or a model if its name
 * ends in `.onnx`. With `freshHead` the last linear layer begins anew, as fine-tuning for other classes needs; the
 * optimizer's vectors of a checkpoint are left out.
 *
 * Throws CheckpointError for weights that do not fit, OptionError for a fresh head that is frozen.
 *
 * @example
 * const network = freeze(replaceHead(pretrained, 5), ['*'], { except: ['layer3', 'fc'] });
 * const weights = startingWeights(network, { name: 'checkpoint.safetensors', bytes }, { freshHead: true });
 */
export function startingWeights(
  network: Network,
  { name, bytes }: { readonly name: string; readonly bytes: Uint8Array },
  { freshHead = false, seed = 0 }: StartingOptions = {},
): ReadonlyMap<string, Float32Array> {
  const read = name.endsWith('.onnx') ? weightsFromOnnx : weightsFromSafetensors;
  const { weights } = read(network, bytes, name, { allowHead: freshHead });
  if (!freshHead) return weights;
  const head = headNames(network);
  const frozen = frozenNames(network);
  const stuck = [...head].filter((tensor) => frozen.has(tensor));
  if (stuck.length > 0) {
    throw new OptionError(
      `fresh head: expected ${network.name} to train ${[...head].join(' and ')}, but ${stuck.join(' and ')} is frozen`,
    );
  }
  return completeWeights(network, new Map([...weights].filter(([tensor]) => !head.has(tensor))), seed);
}

/**
 * Parameters and buffers as a safetensors file, in the network's order and under its names, which for a ResNet are
 * torchvision's. Takes a training state or weights by name; the same weights give the same bytes, whatever is frozen.
 * Throws CheckpointError for weights that are missing or of another size.
 *
 * @example
 * writeFileSync('resnet18.safetensors', encodeWeights(network, weights));
 */
export function encodeWeights(
  network: Network,
  state: NetworkWeights | ReadonlyMap<string, Float32Array>,
): Uint8Array {
  const weights = 'params' in state ? namedWeights(network, state) : state;
  const tensors = network.state.map(({ name, shape }): [string, TensorData] => {
    const data = weights.get(name);
    if (data === undefined) throw new CheckpointError(`weights of ${network.name}: '${name}' is missing`);
    return [name, { dtype: 'float32', shape, data }];
  });
  // Hugging Face's readers ask for `format`: names and layouts are PyTorch's.
  return encodeSafetensors(new Map(tensors), { format: 'pt', network: network.name });
}

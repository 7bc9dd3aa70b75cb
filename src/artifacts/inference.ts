import { lowerPortable } from '../lower/index.js';
import { defined, normalizationProblem, repeatedName } from '../checks.js';
import { OptionError } from '../errors.js';
import type { Network } from '../net/index.js';
import { encodeModel, portsOf, type Ports } from '../onnx/index.js';
import { foldBatchNorm, foldedKey, buildInferenceGraph } from '../program/index.js';
import {
  cardToMetadata,
  isPreprocessing,
  plainNormalization,
  preprocessingForm,
  type ModelCard,
} from './model-card.js';
import { version } from '../version.js';

/** Options of an inference model beyond its network and weights. */
export type CardOptions = Partial<Omit<ModelCard, 'network' | 'input'>>;

/** Options of `encodeInferenceModel`. */
export interface InferenceOptions extends CardOptions {
  /**
   * Whether batch normalisation is folded into the convolutions before it; default false: a run's model and the
   * artifacts' keep every weight under its name, so that `exportModel`, which folds, can put others in their place.
   */
  readonly foldBatchNorm?: boolean;
}

/**
 * An inference `.onnx`: input [N,C,H,W] -> logits and probabilities [N,K], weights inside, the batch open, labels,
 * normalisation, preprocessing and provenance in `metadata_props`.
 * Throws OptionError if the number of labels is not that of the classes or one comes twice, the normalisation has other
 * channels or numbers that cannot be, or the preprocessing has not its form.
 *
 * @example
 * const bytes = encodeInferenceModel(network, weights, { classes: ['cat', 'dog'] });
 */
export function encodeInferenceModel(
  network: Network,
  weights: ReadonlyMap<string, Float32Array>,
  options: InferenceOptions = {},
): Uint8Array {
  return describedInferenceModel(network, weights, options).bytes;
}

/** The same, with what the model takes and gives. */
export function describedInferenceModel(
  network: Network,
  weights: ReadonlyMap<string, Float32Array>,
  options: InferenceOptions,
): { readonly bytes: Uint8Array; readonly ports: Ports } {
  const card: ModelCard = {
    network: network.name,
    input: network.input,
    classes: options.classes ?? Array.from({ length: network.classes }, (_, i) => String(i)),
    normalization: options.normalization ?? plainNormalization(network.input[0]),
    ...defined({ preprocessing: options.preprocessing }),
    provenance: { producer: `ort-train ${version}`, ...options.provenance },
  };
  checkCard(card, network.classes);
  const graph = lowerPortable(buildInferenceGraph(network, weights));
  const folded = options.foldBatchNorm === true ? foldBatchNorm(graph) : graph;
  const bytes = encodeModel(folded, {
    producerVersion: version,
    docString: `${network.name}: a classifier trained with ort-train ${version}`,
    metadata: { ...cardToMetadata(card), ...(folded !== graph && { [foldedKey]: 'batch-norm' }) },
  });
  return { bytes, ports: portsOf(folded) };
}

function checkCard(card: ModelCard, expected: number): void {
  checkLabels(card.classes, expected);
  const problem = normalizationProblem(card.normalization, card.input[0]);
  if (problem !== undefined) {
    throw new OptionError(
      `normalization: ${problem.option}: expected ${problem.expected}, got [${problem.got.join(', ')}]`,
    );
  }
  if (card.preprocessing !== undefined && !isPreprocessing(card.preprocessing)) {
    throw new OptionError(
      `preprocessing: expected ${preprocessingForm}, got ${JSON.stringify(card.preprocessing)}`,
    );
  }
}

/** Throws OptionError unless there is one label for each class, and each once. */
export function checkLabels(classes: readonly string[], expected: number): void {
  if (classes.length !== expected) {
    throw new OptionError(`classes: expected ${expected} labels, got ${classes.length}`);
  }
  const twice = repeatedName(classes);
  if (twice !== undefined) throw new OptionError(`classes: expected each label once, got '${twice}' twice`);
}

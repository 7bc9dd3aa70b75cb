import { lowerPortable } from '../lower/index.js';
import type { Network } from '../net/index.js';
import { encodeModel } from '../onnx/index.js';
import { buildInferenceGraph } from './graphs.js';
import { cardToMetadata, plainNormalization, type ModelCard } from './model-card.js';
import { version } from './version.js';

/** What an inference model may be told beyond its network and weights. */
export type CardOptions = Partial<Omit<ModelCard, 'network' | 'input'>>;

/**
 * An inference `.onnx`: input [N,C,H,W] -> logits and probabilities [N,K], weights inside, the batch open, labels,
 * normalisation and provenance in `metadata_props`.
 *
 * @example
 * const bytes = encodeInferenceModel(network, weights, { classes: ['cat', 'dog'] });
 */
export function encodeInferenceModel(
  network: Network,
  weights: ReadonlyMap<string, Float32Array>,
  options: CardOptions = {},
): Uint8Array {
  const card: ModelCard = {
    network: network.name,
    input: network.input,
    classes: options.classes ?? Array.from({ length: network.classes }, (_, i) => String(i)),
    normalization: options.normalization ?? plainNormalization(network.input[0]),
    provenance: { producer: `ort-train ${version}`, ...options.provenance },
  };
  return encodeModel(lowerPortable(buildInferenceGraph(network, weights)), {
    producerVersion: version,
    docString: `${network.name}: a classifier trained with ort-train ${version}`,
    metadata: cardToMetadata(card),
  });
}

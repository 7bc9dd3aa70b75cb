import { readModel } from '../onnx/index.js';
import { cardFromMetadata, type ModelCard } from './model-card.js';

/** The card of a model that has one; undefined for a model of another program. Throws ModelError for a damaged one. */
export function cardIn(bytes: Uint8Array, where: string): ModelCard | undefined {
  const { metadata } = readModel(bytes, where);
  const isOurs = Array.from(metadata.keys()).some((key) => key.startsWith('ort_train.'));
  return isOurs ? cardFromMetadata(metadata, where) : undefined;
}

import { cardFromMetadata, cardToMetadata, checkLabels, type ModelCard } from '../artifacts/index.js';
import { decodeSafetensors } from '../weights/index.js';
import { foldBatchNorm, foldedKey, type TensorData } from '../program/index.js';
import { version } from '../version.js';
import { CheckpointError, ModelError } from '../errors.js';
import { sameShape, type Graph } from '../ir/index.js';
import { decodeModel, encodeModel, readModel } from '../onnx/index.js';

/** What `exportModel` may change. */
export interface ExportOptions {
  /** Labels of the classes, in order; default: the model's own. */
  readonly classes?: readonly string[];
  /** More provenance, added to the model's own. */
  readonly provenance?: Readonly<Record<string, unknown>>;
  /**
   * Whether batch normalisation is folded into the convolutions before it, which is faster and gives the same logits
   * up to rounding (1e-4 relative); default true. Without it every weight keeps its name.
   */
  readonly foldBatchNorm?: boolean;
}

/**
 * An inference `.onnx` with the weights of a checkpoint: the graph, labels and normalisation come from `model` (a run's
 * `model.onnx` or the artifacts' `inference_model.onnx`), the weights from `checkpoint` (safetensors).
 *
 * Throws ModelError for a model that is no classifier of ort-train's or that cannot be unfolded, CheckpointError for
 * weights that do not fit it and for other weights than its own if its batch normalisation is folded already.
 *
 * @example
 * const bytes = exportModel({ name: 'model.onnx', bytes: model }, { name: 'checkpoint.safetensors', bytes: weights });
 */
export function exportModel(
  model: { readonly name: string; readonly bytes: Uint8Array },
  checkpoint: { readonly name: string; readonly bytes: Uint8Array } | undefined,
  options: ExportOptions = {},
): Uint8Array {
  const { graph, metadata, docString } = decodeModel(model.bytes, model.name);
  const card = cardFromMetadata(metadata, model.name);
  const weights = checkpoint && decodeSafetensors(checkpoint.bytes, checkpoint.name).tensors;
  const isFolded = metadata.has(foldedKey);
  if (isFolded && options.foldBatchNorm === false) {
    throw new ModelError(
      `${model.name}: expected a model that keeps its batch normalisation, got one where it is folded into the ` +
        'convolutions, which cannot be undone (train or export with foldBatchNorm: false)',
    );
  }
  if (isFolded && weights && !holds(graph, weights)) {
    throw new CheckpointError(
      `${model.name}: expected a model that keeps its batch normalisation to put the weights of ${checkpoint.name} ` +
        'into; got one where it is folded into the convolutions, and with other weights ' +
        '(train or export with foldBatchNorm: false to go on from there)',
    );
  }
  const current = weights && !isFolded ? withWeights(graph, weights, checkpoint.name) : graph;
  const final = (options.foldBatchNorm ?? true) ? foldBatchNorm(current) : current;
  return encodeModel(final, {
    docString,
    producerVersion: version,
    metadata: {
      ...Object.fromEntries(metadata),
      ...cardToMetadata(changed(card, options)),
      ...(final !== current && { [foldedKey]: 'batch-norm' }),
    },
  });
}

function changed(card: ModelCard, { classes = card.classes, provenance = {} }: ExportOptions): ModelCard {
  checkLabels(classes, card.classes.length);
  return { ...card, classes, provenance: { ...card.provenance, ...provenance } };
}

/**
 * How an exported model describes itself: labels, input, normalisation, provenance. Throws ModelError for a model without.
 *
 * @example
 * const { classes } = readModelCard(await readFile('model.onnx'), 'model.onnx');
 */
export function readModelCard(bytes: Uint8Array, where: string): ModelCard {
  return cardFromMetadata(readModel(bytes, where).metadata, where);
}

/**
 * Whether a folded graph was made of these weights: what is not folded, the head above all, which every step changes, is
 * the same to the bit.
 */
function holds({ constants }: Graph, weights: ReadonlyMap<string, TensorData>): boolean {
  const shared = constants.flatMap(({ value, tensor }) => {
    const other = weights.get(value.name);
    return other === undefined ? [] : [{ data: tensor.data, other: other.data }];
  });
  return (
    shared.length > 0 &&
    shared.every(
      ({ data, other }) => data.length === other.length && data.every((x, i) => Object.is(x, other[i])),
    )
  );
}

/** Replaces the weights by those of the same names; names of the checkpoint that the graph lacks are not needed here. */
function withWeights(graph: Graph, weights: ReadonlyMap<string, TensorData>, where: string): Graph {
  const used = new Set<string>();
  const constants = graph.constants.map(({ value, tensor }) => {
    const found = weights.get(value.name);
    if (found === undefined) return { value, tensor };
    if (found.dtype !== tensor.dtype || !sameShape(found.shape, tensor.shape)) {
      throw new CheckpointError(
        `${where}: '${value.name}': expected ${tensor.dtype}[${tensor.shape.join(',')}], got ${found.dtype}[${found.shape.join(',')}]`,
      );
    }
    used.add(value.name);
    return { value, tensor: found };
  });
  const isState = (name: string): boolean =>
    name.startsWith('optimizer.') || name.endsWith('.num_batches_tracked');
  const lost = [...weights.keys()].filter((name) => !isState(name) && !used.has(name));
  if (lost.length > 0) {
    throw new CheckpointError(`${where}: the model has no weights called ${lost.slice(0, 8).join(', ')}`);
  }
  return { ...graph, constants };
}

import { assert, CheckpointError } from '../errors.js';
import type { TensorData } from '../ir/index.js';
import { initialState, stateLayout, type Network, type TrainingState } from '../net/index.js';
import { optimizerSlots, type OptimizerOptions } from '../optim/index.js';
import { tensorFor } from '../net/layout.js';
import { decodeSafetensors, encodeSafetensors, layOutSafetensors } from './safetensors.js';
import { matchWeights, stateFrom, weightTensors } from './state.js';
import { version } from '../version.js';

/** The progress of a training run: what it needs besides the state to go on exactly. */
export interface Progress {
  /** Optimizer steps taken. */
  readonly step: number;
  /** Epochs finished. */
  readonly epoch: number;
  /** Whatever else the training loop wants to find again, as JSON. */
  readonly extra: unknown;
}

/** A checkpoint: the state and the progress of the run. */
export interface Checkpoint {
  readonly state: TrainingState;
  readonly progress: Progress;
}

/**
 * The checkpoint that a run starts from, of given weights or of fresh ones drawn from a seed, and its weights by name,
 * views of the same bytes. Throws CheckpointError for weights that are missing or of another size.
 */
export function encodeInitialCheckpoint(
  network: Network,
  optimizer: OptimizerOptions,
  start: number | ReadonlyMap<string, Float32Array>,
): { readonly bytes: Uint8Array; readonly weights: ReadonlyMap<string, Float32Array> } {
  const { parameters, buffers, frozen } = stateLayout(network);
  const slots = [parameters, buffers, frozen].flatMap((layout) => layout.slots);
  const { bytes, parts } = layOutSafetensors(
    new Map(slots.map(({ name, shape }) => [name, { dtype: 'float32', shape }])),
    metadataOf(network, optimizer, { step: 0, epoch: 0, extra: null }),
  );
  const view = ({ name }: { readonly name: string }): Float32Array => {
    const part = parts.get(name);
    assert(part, `${network.name}: '${name}' is not in its layout`);
    return new Float32Array(part.buffer, part.byteOffset, part.byteLength / Float32Array.BYTES_PER_ELEMENT);
  };
  if (typeof start === 'number') return { bytes, weights: initialState(network, start, view) };
  for (const slot of slots) view(slot).set(tensorFor(slot, start, network.name));
  return { bytes, weights: new Map(slots.map((slot) => [slot.name, view(slot)])) };
}

/**
 * A checkpoint as a safetensors file: each parameter and buffer under its own name, the optimizer's vectors flat as
 * `optimizer.<slot>` [P], the progress in the metadata. Any safetensors reader opens it. Before the first step the
 * optimizer's vectors are zero and left out.
 */
export function encodeCheckpoint(
  network: Network,
  optimizer: OptimizerOptions,
  { state, progress }: Checkpoint,
): Uint8Array {
  const tensors = new Map<string, TensorData>(weightTensors(stateLayout(network), state));
  for (const name of progress.step === 0 ? [] : optimizerSlots(optimizer)) {
    const data = state.slots[name] ?? new Float32Array(state.params.length);
    tensors.set(`optimizer.${name}`, { dtype: 'float32', shape: [data.length], data });
  }
  return encodeSafetensors(tensors, metadataOf(network, optimizer, progress));
}

function metadataOf(
  network: Network,
  optimizer: OptimizerOptions,
  progress: Progress,
): Readonly<Record<string, string>> {
  return {
    format: 'ort-train-checkpoint/1',
    'ort_train.version': version,
    network: network.name,
    optimizer: JSON.stringify(optimizer),
    step: String(progress.step),
    epoch: String(progress.epoch),
    extra: JSON.stringify(progress.extra ?? null),
  };
}

/**
 * Reads a checkpoint of this network and optimizer. A plain safetensors file of weights is a checkpoint at step 0.
 * Throws CheckpointError for a damaged file, another network's, or one whose optimizer kept other vectors.
 */
export function decodeCheckpoint(
  network: Network,
  optimizer: OptimizerOptions,
  bytes: Uint8Array,
  where: string,
): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes, where);
  const fresh = stateFrom(network, optimizer, matchWeights(network, tensors, where));
  const progress = progressOf(metadata, where);
  if (progress.step === 0) return { state: fresh, progress };
  for (const name of optimizerSlots(optimizer)) {
    const tensor = tensors.get(`optimizer.${name}`);
    if (!(tensor?.data instanceof Float32Array) || tensor.data.length !== fresh.params.length) {
      throw new CheckpointError(
        `${where}: expected 'optimizer.${name}' [${fresh.params.length}] of the optimizer ${optimizer.kind}, ` +
          `got ${tensor === undefined ? 'nothing' : `${tensor.dtype}[${tensor.shape.join(',')}]`}`,
      );
    }
    fresh.slots[name]?.set(tensor.data);
  }
  return { state: fresh, progress };
}

/**
 * The progress of a checkpoint's run, without its state. Throws CheckpointError for a damaged file.
 *
 * @example
 * const { step, epoch } = readProgress(bytes, 'checkpoint.safetensors');
 */
export function readProgress(bytes: Uint8Array, where: string): Progress {
  return progressOf(decodeSafetensors(bytes, where).metadata, where);
}

function progressOf(metadata: ReadonlyMap<string, string>, where: string): Progress {
  return {
    step: count(metadata.get('step') ?? '0', `${where}: step`),
    epoch: count(metadata.get('epoch') ?? '0', `${where}: epoch`),
    extra: parse(metadata.get('extra'), where),
  };
}

function count(text: string, where: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new CheckpointError(`${where}: expected a whole number of at least 0, got '${text}'`);
  }
  return value;
}

function parse(text: string | undefined, where: string): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch (error) {
    throw new CheckpointError(`${where}: its 'extra' metadata is not JSON`, { cause: error });
  }
}

import { CheckpointError } from '../errors.js';
import type { TensorData } from '../ir/index.js';
import type { Network } from '../net/index.js';
import { optimizerSlots, type OptimizerOptions } from '../optim/index.js';
import { stateLayout } from './graphs.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';
import { matchWeights, stateFrom, weightTensors, type TrainingState } from './state.js';
import { version } from './version.js';

/** Where a training run stands; what it takes besides the state to go on exactly. */
export interface Progress {
  /** Optimizer steps taken. */
  readonly step: number;
  /** Epochs finished. */
  readonly epoch: number;
  /** Whatever else the training loop wants to find again, as JSON. */
  readonly extra: unknown;
}

/** A checkpoint: the state and where the run stands. */
export interface Checkpoint {
  readonly state: TrainingState;
  readonly progress: Progress;
}

/**
 * A checkpoint as a safetensors file: each parameter and buffer under its own name, the optimizer's vectors flat as
 * `optimizer.<slot>` [P], the progress in the metadata. Any safetensors reader opens it.
 */
export function encodeCheckpoint(
  network: Network,
  optimizer: OptimizerOptions,
  { state, progress }: Checkpoint,
): Uint8Array {
  const tensors = new Map<string, TensorData>(weightTensors(stateLayout(network), state));
  for (const name of optimizerSlots(optimizer)) {
    const data = state.slots[name] ?? new Float32Array(state.params.length);
    tensors.set(`optimizer.${name}`, { dtype: 'float32', shape: [data.length], data });
  }
  return encodeSafetensors(tensors, {
    format: 'ort-train-checkpoint/1',
    'ort_train.version': version,
    network: network.name,
    optimizer: JSON.stringify(optimizer),
    step: String(progress.step),
    epoch: String(progress.epoch),
    extra: JSON.stringify(progress.extra ?? null),
  });
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
  const step = count(metadata.get('step') ?? '0', `${where}: step`);
  const epoch = count(metadata.get('epoch') ?? '0', `${where}: epoch`);
  if (step === 0) return { state: fresh, progress: { step, epoch, extra: parse(metadata.get('extra'), where) } };
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
  return { state: fresh, progress: { step, epoch, extra: parse(metadata.get('extra'), where) } };
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

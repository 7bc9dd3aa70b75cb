import { checkRun, type EpochRecord, type RunSpec } from '../train/index.js';
import { decodeSafetensors, encodeSafetensors, readProgress } from '../weights/index.js';
import { version } from '../version.js';
import type { TensorData } from '../program/index.js';
import { CheckpointError, messageOf, StorageError } from '../errors.js';
import type { DataSplit } from '../data/index.js';
import { withClock } from '../train/clocks.js';
import type { KeptOptions, StoredRun } from './protocol.js';
import { Taught } from './taught.js';

const FORMAT = 'ort-train-stored/2';

/** What identifies a run's data when it resumes. */
export interface DataSummary {
  readonly train: string;
  readonly trainCount: number;
  readonly test: string;
  readonly testCount: number;
}

/** Everything that a run needs to resume after a reload, besides its data. */
export interface RunRecord {
  readonly savedAt: number;
  /** The run, as in a `run.json`. */
  readonly spec: RunSpec;
  readonly kept: KeptOptions;
  /** Epochs and steps that the options amount to. */
  readonly epochs: number;
  readonly data: DataSummary;
  readonly taught: Taught;
  /** One for each batch, up to the checkpoint. */
  readonly losses: readonly number[];
  /** The epochs with their times, which the checkpoint does not hold. */
  readonly history: readonly Partial<EpochRecord>[];
  /** A checkpoint of `src/weights/checkpoint.ts`. */
  readonly checkpoint: Uint8Array;
}

export function summaryOf({ train, test }: DataSplit): DataSummary {
  return { train: train.name, trainCount: train.count, test: test.name, testCount: test.count };
}

/** One safetensors file: the checkpoint, losses and taught images as tensors, the rest as metadata. */
export function encodeRecord({
  savedAt,
  spec,
  kept,
  epochs,
  data,
  taught,
  losses,
  history,
  checkpoint,
}: RunRecord): Uint8Array {
  const { items } = taught;
  const { channels = 0, height = 0, width = 0 } = items[0]?.image ?? {};
  const images = new Uint8Array(items.length * channels * height * width);
  items.forEach(({ image }, i) => {
    images.set(image.pixels, i * image.pixels.length);
  });
  const bytes = (shape: readonly number[], content: Uint8Array): TensorData => ({
    dtype: 'uint8',
    shape,
    data: content,
  });
  const tensors = new Map<string, TensorData>([
    ['checkpoint', bytes([checkpoint.length], checkpoint)],
    ['losses', { dtype: 'float32', shape: [losses.length], data: Float32Array.from(losses) }],
    ['taught.images', bytes([items.length, channels, height, width], images)],
    [
      'taught.labels',
      { dtype: 'int32', shape: [items.length], data: Int32Array.from(items, ({ label }) => label) },
    ],
  ]);
  const run = JSON.stringify({ savedAt, spec, kept, epochs, data, history });
  return encodeSafetensors(tensors, { format: FORMAT, 'ort_train.version': version, run });
}

/** The same, as it is found in storage. */
export interface FoundRun {
  readonly stored: StoredRun;
  readonly record: RunRecord;
}

/** Throws StorageError for bytes that are not a stored run. */
export function decodeRecord(bytes: Uint8Array, key: string, where: StoredRun['where']): FoundRun {
  try {
    return decode(bytes, key, where);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new StorageError(`the stored run '${key}' is damaged (${reason}); forget() removes it`, { cause });
  }
}

function decode(bytes: Uint8Array, key: string, where: StoredRun['where']): FoundRun {
  const { tensors, metadata } = decodeSafetensors(bytes, key);
  const format = metadata.get('format');
  if (format !== FORMAT) {
    const by = metadata.get('ort_train.version') ?? 'unknown';
    throw new CheckpointError(`expected format '${FORMAT}', got '${String(format)}' of version ${by}`);
  }
  const record: RunRecord = {
    // Written by `encodeRecord` alone, and protected by the store's digest.
    ...(JSON.parse(metadata.get('run') ?? '{}') as Pick<
      RunRecord,
      'savedAt' | 'spec' | 'kept' | 'epochs' | 'data' | 'history'
    >),
    taught: taughtFrom(tensors),
    losses: Array.from(tensorOf(tensors, 'losses').data, Number),
    checkpoint: bytesOf(tensors, 'checkpoint'),
  };
  checkRun(record.spec);
  return { record, stored: describeRun(record, key, where) };
}

/** What a page is told about a stored run. */
export function describeRun(record: RunRecord, key: string, where: StoredRun['where']): StoredRun {
  const { savedAt, spec, kept, epochs, data, taught, losses, checkpoint } = record;
  const { step, epoch, extra } = readProgress(checkpoint, key);
  const { epochs: records = [] } = (extra ?? {}) as { readonly epochs?: readonly EpochRecord[] };
  const history = withClock(records, record.history);
  const testAccuracy = history.at(-1)?.testAccuracy;
  return {
    ...{ key, where, savedAt, epoch, epochs, step, history },
    options: { ...spec, ...kept },
    finished: epoch >= epochs || step >= (spec.maxSteps ?? Infinity),
    ...(testAccuracy !== undefined && { testAccuracy }),
    stepLosses: Float32Array.from(losses),
    taught: taught.items.length,
    data: data.train,
  };
}

function taughtFrom(tensors: ReadonlyMap<string, TensorData>): Taught {
  const labels = tensorOf(tensors, 'taught.labels').data;
  const images = bytesOf(tensors, 'taught.images');
  const [count = 0, channels = 0, height = 0, width = 0] = tensorOf(tensors, 'taught.images').shape.map(
    Number,
  );
  const area = channels * height * width;
  let taught = new Taught();
  for (let i = 0; i < count; i++) {
    const pixels = images.subarray(i * area, (i + 1) * area);
    taught = taught.with({ pixels, channels, height, width }, Number(labels[i] ?? 0));
  }
  return taught;
}

function tensorOf(tensors: ReadonlyMap<string, TensorData>, name: string): TensorData {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new CheckpointError(`expected a tensor '${name}', got none`);
  return tensor;
}

function bytesOf(tensors: ReadonlyMap<string, TensorData>, name: string): Uint8Array {
  const { data, dtype } = tensorOf(tensors, name);
  if (data instanceof Uint8Array) return data;
  throw new CheckpointError(`'${name}': expected uint8, got ${dtype}`);
}

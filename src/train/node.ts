import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { dataNames, openData, type OpenDataOptions } from '../data/node.js';
import type { DataSplit } from '../data/index.js';
import { ensureFolder, readFileBytes, writeFileSafely } from '../files-node.js';
import { createNodeSession } from '../session/node.js';
import { defined } from '../checks.js';
import { batchFeed } from './prefetch-node.js';
import type { EpochRecord } from './history.js';
import { runFiles, type NamedBytes, type TrainOptions, type TrainResult } from './run-types.js';
import { openingOptionsOf } from './spec/pictures.js';
import { readRun } from './spec/read-node.js';
import { trainOn } from './train-on.js';
import { nodeTuningStore } from './tuning-node.js';
import type { TuningStore } from '../program/index.js';

/** `trainResNet` in Node: data, weights and output may be paths. */
export interface NodeTrainOptions extends Omit<
  TrainOptions,
  'data' | 'dataOptions' | 'init' | 'resume' | 'autotune'
> {
  /** `digits` (embedded; the default), a name or path as `openData` takes them, or data sets. */
  readonly data?: string | DataSplit;
  /** How to open the data, if they are given by name. */
  readonly dataOptions?: Omit<OpenDataOptions, 'fallbackClasses'>;
  /** How data given by name are opened; default `openData`. */
  readonly openData?: (data: string, options: OpenDataOptions) => Promise<DataSplit>;
  /** Weights to start from: path of a safetensors or `.onnx` file, or its bytes (safetensors, if they have no name). */
  readonly init?: string | Uint8Array | NamedBytes;
  /** Checkpoint to resume from: path of a run's `checkpoint.safetensors`, or its bytes. */
  readonly resume?: string | Uint8Array | NamedBytes;
  /**
   * Whether the fastest forms of the convolutions on this machine are measured, for seconds at most, and kept in the
   * system's cache folder for later runs; or where else they are kept. `false`: a written heuristic chooses, so that the
   * numbers depend on nothing but the other options. Default true.
   */
  readonly autotune?: boolean | TuningStore;
}

/**
 * Trains a residual network on the stock ONNX Runtime and returns the classifier as `.onnx` bytes, with its history.
 *
 * A run whose data, network and weights have names writes a `run.json` that repeats it into `out`.
 *
 * Throws OptionError for options outside their range, DataError, CheckpointError, DeviceError and IoError for what they
 * name, DivergedError when the loss is no longer finite, AbortedError when `signal` fires.
 *
 * @example
 * const { testAccuracy, model } = await trainResNet({ preset: 'mnist-cnn', data: 'digits', epochs: 1 });
 */
export async function trainResNet(options: NodeTrainOptions = {}): Promise<TrainResult> {
  const {
    data = 'digits',
    dataOptions,
    openData: open = openData,
    init,
    resume,
    autotune = true,
    ...rest
  } = options;
  const { onProgress: _, signal: _s, ...opening } = dataOptions ?? {};
  const { threads, out } = rest;
  if (out !== undefined) await ensureFolder(out);
  return trainOn(
    {
      createSession: createNodeSession,
      openFeed: batchFeed(rest.prefetch),
      ...(autotune !== false && {
        tuning: autotune === true ? nodeTuningStore(defined({ threads })) : autotune,
      }),
      named: {
        ...(typeof data === 'string' && { data: dataNames.includes(data) ? data : resolve(data) }),
        ...(typeof init === 'string' && { init: resolve(init) }),
      },
      ...(out !== undefined && {
        save: async (name: string, content: Uint8Array | string): Promise<string> => {
          const path = join(out, name);
          await writeFileSafely(path, content);
          return path;
        },
      }),
    },
    {
      ...rest,
      ...(dataOptions && {
        dataOptions: {
          ...opening,
          ...(opening.cacheDir !== undefined && { cacheDir: resolve(opening.cacheDir) }),
        },
      }),
      autotune: autotune !== false,
      data: typeof data === 'string' ? await open(data, { ...openingOptionsOf(rest), ...dataOptions }) : data,
      ...(init !== undefined && { init: await named(init, 'init') }),
      ...(resume !== undefined && { resume: await withHistory(resume) }),
    },
  );
}

/** A checkpoint, and of its run, where its folder holds it, the times and how it began. */
async function withHistory(
  source: string | Uint8Array | NamedBytes,
): Promise<NonNullable<TrainOptions['resume']>> {
  const checkpoint = await named(source, 'resume');
  if (typeof source !== 'string') return checkpoint;
  const beside = (name: string): string => join(dirname(source), name);
  // Without a history the times are unknown, without a description it is unknown how the run began.
  const [epochs, start] = await Promise.allSettled([
    readFile(beside(runFiles.history), 'utf8').then(
      (text) => (JSON.parse(text) as { readonly epochs?: unknown }).epochs,
    ),
    readRun(beside(runFiles.run)).then(({ init, freshHead }) => defined({ init, freshHead })),
  ]);
  return {
    ...checkpoint,
    ...(epochs.status === 'fulfilled' &&
      Array.isArray(epochs.value) && { epochs: epochs.value as readonly Partial<EpochRecord>[] }),
    ...(start.status === 'fulfilled' && { start: start.value }),
  };
}

async function named(source: string | Uint8Array | NamedBytes, name: string): Promise<NamedBytes> {
  if (source instanceof Uint8Array) return { name, bytes: source };
  return typeof source === 'string' ? { name: source, bytes: await readFileBytes(source) } : source;
}

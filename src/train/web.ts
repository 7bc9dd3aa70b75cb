import { embeddedDigits, type DataSplit, type EmbeddedOptions } from '../data/index.js';
import { OptionError } from '../errors.js';
import { createWebSession } from '../session/web.js';
import type { NamedBytes, TrainOptions, TrainResult } from './run-types.js';
import { trainOn } from './train-on.js';

/** Bytes, or what a browser has instead of a path: a dropped or chosen `File`, or any other `Blob`. */
export type BytesSource = Uint8Array | Blob | NamedBytes;

/** `trainResNet` in a browser: data, weights and checkpoints are bytes, or files that the user has given. */
export interface WebTrainOptions extends Omit<TrainOptions, 'data' | 'init' | 'resume'> {
  /** `digits` (embedded; the default) or a data set in memory. */
  readonly data?: 'digits' | DataSplit;
  /** How to make the data, where they are named. */
  readonly dataOptions?: { readonly digits?: EmbeddedOptions };
  /** Weights to start from: a safetensors file, or an `.onnx` model where its name says so. */
  readonly init?: BytesSource;
  /** Checkpoint to go on from: the `checkpoint` of a result. */
  readonly resume?: BytesSource;
}

/**
 * Trains a residual network on onnxruntime-web, in the window or worker that calls, and returns the classifier as `.onnx`
 * bytes, with its history.
 *
 * Throws OptionError for options outside their range, DataError, CheckpointError and DeviceError for what they name,
 * DivergedError when the loss is no longer finite, AbortedError when `signal` fires.
 *
 * @example
 * const { testAccuracy, model } = await trainResNet({ preset: 'mnist-cnn', data: 'digits', epochs: 1 });
 */
export async function trainResNet(options: WebTrainOptions = {}): Promise<TrainResult> {
  const { data = 'digits', dataOptions, init, resume, ...rest } = options;
  return trainOn(
    { createSession: createWebSession },
    {
      ...rest,
      data: typeof data === 'string' ? named(data, dataOptions?.digits) : data,
      ...(init !== undefined && { init: await bytesOf(init, 'init') }),
      ...(resume !== undefined && { resume: await bytesOf(resume, 'resume') }),
    },
  );
}

/** Only one set has a name here: there is neither a folder nor a cache of downloads. */
function named(data: string, digits: EmbeddedOptions | undefined): DataSplit {
  if (data === 'digits') return embeddedDigits(digits);
  throw new OptionError(`data: expected digits or a data set in memory, got '${data}'`);
}

async function bytesOf(source: BytesSource, name: string): Promise<NamedBytes> {
  if (source instanceof Uint8Array) return { name, bytes: source };
  if (!(source instanceof Blob)) return source;
  const bytes = new Uint8Array(await source.arrayBuffer());
  return { name: source instanceof File ? source.name : name, bytes };
}

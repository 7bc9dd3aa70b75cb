import type { FileSource } from '../data/files.js';
import { embeddedDigits, type DataSplit, type EmbeddedOptions } from '../data/index.js';
import { openFiles, type OpenFilesOptions } from '../data/web.js';
import { OptionError } from '../errors.js';
import { createWebSession } from '../session/web.js';
import type { NamedBytes, TrainOptions, TrainResult } from './run-types.js';
import { openingOptionsOf } from './spec/pictures.js';
import { refuseFolder } from './spec/run.js';
import { trainOn } from './train-on.js';

/** Bytes, or what a browser has in place of a path: a dropped or chosen `File`, or any other `Blob`. */
export type BytesSource = Uint8Array | Blob | NamedBytes;

/** `trainResNet` in a browser: data, weights and checkpoints are bytes, or files that the user has given. */
export interface WebTrainOptions extends Omit<TrainOptions, 'data' | 'init' | 'resume' | 'out'> {
  /** `digits` (embedded; the default), files that the user has given, as `openFiles` takes them, or data sets. */
  readonly data?: 'digits' | FileSource | DataSplit;
  /** Weights to start from: a safetensors file, or an `.onnx` model if its name ends so. */
  readonly init?: BytesSource;
  /** Checkpoint to resume from: the `checkpoint` of a result. */
  readonly resume?: BytesSource;
}

/** `trainResNet` in the calling window or worker; `worker/train-web.ts` chooses. */
export async function trainInPlace({ data, init, resume, ...rest }: WebTrainOptions): Promise<TrainResult> {
  refuseFolder(rest);
  return trainOn(
    { createSession: createWebSession },
    {
      ...rest,
      data: await openWebData(data, rest.dataOptions, openingOptionsOf(rest)),
      ...(init !== undefined && { init: await namedBytes(init, 'init') }),
      ...(resume !== undefined && { resume: await namedBytes(resume, 'resume') }),
    },
  );
}

/**
 * The data of a run; `opening` is what the run's own fields say of it. Throws OptionError for any other kind of value, and as
 * `openFiles`.
 */
export async function openWebData(
  data: WebTrainOptions['data'] = 'digits',
  { digits = {}, ...how }: NonNullable<TrainOptions['dataOptions']> = {},
  opening: OpenFilesOptions,
  drawDigits: (options: EmbeddedOptions) => DataSplit | Promise<DataSplit> = embeddedDigits,
): Promise<DataSplit> {
  if (data === 'digits') return drawDigits(digits);
  if (typeof data !== 'object') {
    throw new OptionError(
      `data: expected 'digits', files, or a data set in memory, got ${JSON.stringify(data)}`,
    );
  }
  if ('train' in data) return data;
  return openFiles(data, { ...opening, ...how });
}

/** Bytes with the name that errors use: that of a `File`, else `name`. */
export async function namedBytes(source: BytesSource, name: string): Promise<NamedBytes> {
  if (source instanceof Uint8Array) return { name, bytes: source };
  if (!(source instanceof Blob)) return source;
  const bytes = new Uint8Array(await source.arrayBuffer());
  return { name: source instanceof File ? source.name : name, bytes };
}

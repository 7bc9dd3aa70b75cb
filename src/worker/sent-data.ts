import type { Dataset } from '../data/index.js';
import { describeDataset, openDescription, type DatasetDescription } from '../data/description.js';
import { isDirectoryHandle, filesToSend } from '../data/files.js';
import type { PictureCacheDescription } from '../data/pictures/cache-types.js';
import { descriptionOf, isPictureDataset, type PictureDecoder } from '../data/pictures/picture-set.js';
import { OptionError } from '../errors.js';
import type { SentData, WorkerData } from './run-data.js';

/**
 * The data of a run in a form that can be sent. Throws OptionError for a data set that is read by functions of the user's
 * own.
 */
export function dataToSend(data: WorkerData): SentData {
  // The worker refuses any other kind of value.
  if (typeof data !== 'object') return data;
  if (!('train' in data)) return isDirectoryHandle(data) ? data : filesToSend(data);
  const { train, test, final, report } = data;
  return {
    parts: { train: described(train), test: described(test), ...(final && { final: described(final) }) },
    keeps: isPictureDataset(train) && descriptionOf(train).cache !== undefined,
    ...(report && { report }),
  };
}

function described(dataset: Dataset): DatasetDescription {
  const description = describeDataset(dataset);
  if (description === undefined) {
    throw new OptionError(
      `data: expected data in memory or files, got ${dataset.name}, which is read by functions of yours and cannot be sent ` +
        'to the worker; call trainResNet inside a worker of your own to train on it',
    );
  }
  if (description.kind === 'memory') return description;
  // The worker decodes, so what is decoded is kept there.
  const { cache: _, ...rest } = description.description;
  return { kind: 'pictures', description: rest };
}

/** What opening sent data needs from where it runs. */
export interface SentDataOpener extends PictureDecoder {
  /** Room for decoded pictures of data sets of these counts. */
  newCaches(counts: readonly number[]): readonly (PictureCacheDescription | undefined)[];
}

/** The data of a run as they were before they were sent. */
export function receiveData(data: SentData, opener: SentDataOpener): WorkerData {
  if (typeof data !== 'object' || !('parts' in data)) return data;
  const { parts, keeps, report } = data;
  const all = [parts.train, parts.test, ...(parts.final ? [parts.final] : [])];
  const counts = all.map((part) => (part.kind === 'pictures' ? part.description.items.length : 0));
  const caches = keeps ? opener.newCaches(counts) : [];
  const open = (part: DatasetDescription, cache: PictureCacheDescription | undefined): Dataset => {
    if (part.kind === 'memory' || cache === undefined) return openDescription(part, opener);
    return openDescription({ kind: 'pictures', description: { ...part.description, cache } }, opener);
  };
  return {
    train: open(parts.train, caches[0]),
    test: open(parts.test, caches[1]),
    ...(parts.final && { final: open(parts.final, caches[2]) }),
    ...(report && { report }),
  };
}

import type { DataSplit } from '../data/index.js';
import type { DatasetDescription } from '../data/description.js';
import type { FileSource, PlacedFile } from '../data/files.js';

/**
 * What a worker trains on: `digits` (drawn in the worker), the user's files, or data sets of them (`openFiles`), or in memory
 * (`memoryDataset`), which are copied. A data set that is read by functions of yours cannot cross to the worker.
 */
export type WorkerData = 'digits' | FileSource | DataSplit;

/** The data of a run as they cross to the worker: data sets are functions, which cannot be sent, so they are described. */
export type SentData = 'digits' | readonly PlacedFile[] | FileSystemDirectoryHandle | SentSplit;

/** Data sets in plain data. */
export interface SentSplit extends Pick<DataSplit, 'report'> {
  readonly parts: {
    readonly train: DatasetDescription;
    readonly test: DatasetDescription;
    readonly final?: DatasetDescription;
  };
  /** Whether the worker keeps decoded pictures, as the page would. */
  readonly keeps: boolean;
}

/** Data sets: what runs in Node and in the browser alike. */
export type { Dataset, DataSplit } from './dataset.js';
export { batchCount, batches, epochOrder, prepareBatch } from './batches.js';
export type { Batch, BatchBuffers, BatchOptions, EpochOrderOptions, Normalization } from './batches.js';
export { checkDataset, checkSplit } from './checks.js';
export { embeddedDigits } from './digits/index.js';
export type { EmbeddedOptions } from './digits/index.js';
export { gunzip, isGzip } from './gunzip.js';
export { datasetFromIdx, loadIdx, parseIdxImages, parseIdxLabels } from './idx.js';
export type { IdxImages, IdxSource } from './idx.js';
export { encodeIdxImages, encodeIdxLabels } from './idx-encode.js';
export { idxFileNames, idxRoles } from './idx-files.js';
export type { IdxRole } from './idx-files.js';
export { isKnownName, knownSets } from './known-sets.js';
export type { Digest, KnownName, KnownSet } from './known-sets.js';

/** Data sets: what runs in Node and in the browser alike. */
export type { Dataset, DataSplit } from './dataset.js';
export { batchCount, batches, epochOrder, prepareBatch } from './batches.js';
export type {
  Batch,
  BatchBuffers,
  BatchOptions,
  BatchSource,
  EpochOrderOptions,
  SeededAugmentation,
} from './batches.js';
export { checkAugmentation } from './augment.js';
export type { Augmentation } from './augment.js';
export { channelStatistics, checkNormalization } from './normalization.js';
export type { Normalization } from './normalization.js';
export { checkDataset, checkSplit } from './checks.js';
export { selectClasses } from './select-classes.js';
export { datasetFromCifar } from './cifar.js';
export type { CifarSource } from './cifar.js';
export { cifarSets, isCifarName } from './cifar-sets.js';
export type { CifarName, CifarSet } from './cifar-sets.js';
export { embeddedDigits, embeddedDigitsInTurns } from './digits/index.js';
export type { EmbeddedOptions } from './digits/index.js';
export { gunzip, isGzip } from './gunzip.js';
export { datasetFromIdx, loadIdx, parseIdxImages, parseIdxLabels } from './idx.js';
export type { IdxImages, IdxSource } from './idx.js';
export { idxFileNames, idxRoles } from './idx-files.js';
export type { IdxRole } from './idx-files.js';
export { isKnownName, knownSets } from './known-sets.js';
export type { Digest, KnownName, KnownSet } from './known-sets.js';
export { pixelsFromDrawing } from './drawing.js';
export type { DigitImage, Drawing } from './drawing.js';

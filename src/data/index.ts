/** Data sets: what runs in Node and in the browser alike. */
export type { Dataset, DataSplit } from './dataset.js';
export { batchCount, batches, prepareBatch } from './batches.js';
export type { Batch, BatchOptions, BatchSource } from './batches.js';
export { checkAugmentation } from './augment.js';
export type { Augmentation } from './augment.js';
export { channelStatistics, checkNormalization } from './normalization.js';
export type { Normalization } from './normalization.js';
export { checkDataset, checkSplit } from './checks.js';
export { selectClasses } from './select-classes.js';
export { datasetFromCifar } from './cifar.js';
export type { CifarSource } from './cifar.js';
export { embeddedDigits, embeddedDigitsInTurns } from './digits/index.js';
export type { EmbeddedOptions } from './digits/index.js';
export { datasetFromIdx, loadIdx } from './idx.js';
export type { IdxSource } from './idx.js';
export { pixelsFromDrawing } from './drawing.js';
export type { DigitImage, Drawing } from './drawing.js';

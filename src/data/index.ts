/** Data sets: what runs in Node and in the browser alike. */
export type {
  Dataset,
  DataReport,
  DataSplit,
  LeftOut,
  MemoryDataset,
  MemorySplit,
  ReadBuffers,
} from './dataset.js';
export { batchCount, batches } from './batches.js';
export { prepareBatch } from './prepare-batch.js';
export { memoryDataset } from './memory-dataset.js';
export { isInMemory } from './dataset.js';
export type { MemorySource } from './memory-dataset.js';
export { isPictureDataset, preprocessingOf } from './pictures/picture-set.js';
export { identityOf } from './identity.js';
export type { Picture } from './picture.js';
export type { CheckProgress, PictureDataOptions } from './pictures/open.js';
export type { PictureDataset, Preprocessing } from './pictures/picture-set.js';
export { readImages } from './read-images.js';
export type { LabelledImage } from './read-images.js';
export type { Batch } from './batch.js';
export type { BatchOptions, BatchSource } from './batches.js';
export { augmenter } from './augmentation.js';
export {
  augmentPolicies,
  describeTransforms,
  evalTransforms,
  transformSchema,
  transformer,
} from './transforms/index.js';
export type { AugmentPolicy, OutputSize, Transform, TransformSpec, PictureSeed } from './transforms/index.js';
export type { Augment } from './augmentation.js';
export type { BatchStream } from './random.js';
export type { Augmentation } from './augment.js';
export { mixBatch, mixedBatches } from './mix-batch.js';
export type { BatchMixing } from './mix-batch.js';
export type { ImageShape, MixableBatch } from './mix-images.js';
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

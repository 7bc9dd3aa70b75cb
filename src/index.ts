/** ort-train: trains residual networks on the stock ONNX Runtime. This is the Node build. */
export * from './public.js';

// Data: files and downloads.
export {
  cachedDataSets,
  dataNames,
  decodeImage,
  decodePicture,
  defaultCacheDir,
  loadCifarFolder,
  loadIdxFolder,
  openData,
  type CachedDataSet,
  type CifarFolderOptions,
  type DecodedPicture,
  type DecodeOptions,
  type DownloadProgress,
  type IdxFolderOptions,
  type OpenDataOptions,
  type DecodePictureOptions,
} from './data/node.js';

// Training.
export { trainResNet, type NodeTrainOptions } from './train/node.js';
export { readRun } from './train/spec/read-node.js';
export type { PrefetchOption } from './train/prefetch-node.js';

// Running on devices.
export {
  createNodeSession,
  runtimeTelemetry,
  runtimeVersion,
  type RuntimeTelemetry,
} from './session/node.js';
export { probeBlockSize } from './session/block-size-node.js';
export { nodeTuningStore, type NodeTuningOptions } from './train/tuning-node.js';

// Artifacts and export.
export { readTrainingArtifacts, writeTrainingArtifacts } from './artifacts/node.js';
export { exportRun } from './export/node.js';

// Classifying.
export { loadClassifier, type NodeClassifier } from './export/node.js';

// Experiments.
export { comparisonFiles, writeComparison, type ComparisonFiles } from './experiments/node.js';

/** ort-train: trains residual networks on the stock ONNX Runtime. This is the Node build. */
export * from './public.js';
export { readTrainingArtifacts, writeTrainingArtifacts } from './artifacts/node.js';
export {
  createNodeSession,
  runtimeTelemetry,
  runtimeVersion,
  type RuntimeTelemetry,
} from './session/node.js';
export { probeBlockSize } from './session/block-size-node.js';
export * from './bench/node.js';
export * from './data/node.js';
export { trainResNet, type NodeTrainOptions } from './train/node.js';
export { readRun } from './train/spec/read-node.js';
export { nodeTuningStore, type NodeTuningOptions } from './train/tuning-node.js';
export { comparisonFiles, writeComparison, type ComparisonFiles } from './experiments/node.js';
export { exportRun, loadClassifier, type NodeClassifier } from './export/node.js';

/** ort-train: trains residual networks on the stock ONNX Runtime. This is the Node build. */
export * from './errors.js';
export { print as printGraph, type Graph, type TensorData } from './ir/index.js';
export { lowerPortable } from './lower/index.js';
export { encodeModel, type EncodeOptions } from './onnx/index.js';
export * from './net/index.js';
export {
  cifarDepths,
  cifarResnet,
  mnistCnn,
  presetNames,
  presetNetwork,
  resnet,
  resNetDepths,
  type CifarDepth,
  type CifarResNetOptions,
  type Norm,
  type PresetName,
  type PresetOptions,
  type ResNetDepth,
  type ResNetOptions,
  type Shortcut,
} from './models/index.js';
export {
  buildGraph,
  buildInferenceGraph,
  createTrainingArtifacts,
  decodeSafetensors,
  encodeSafetensors,
  graphKinds,
  matchWeights,
  version,
  type ArtifactOptions,
  type GraphKind,
  type Manifest,
  type ModelCard,
  type OptimizerOptions,
  type TrainingArtifacts,
  type NetworkWeights,
  type TrainingState,
} from './artifacts/index.js';
export { readTrainingArtifacts, writeTrainingArtifacts } from './artifacts/node.js';
export * from './session/session.js';
export { createNodeSession, runtimeVersion } from './session/node.js';
export { probeBlockSize } from './session/block-size-node.js';
export * from './bench/index.js';
export * from './bench/node.js';
export * from './data/index.js';
export * from './data/node.js';
export * from './train/index.js';
export { trainResNet, type NodeTrainOptions } from './train/node.js';
export { nodeTuningStore, type NodeTuningOptions } from './train/tuning-node.js';
export * from './charts/index.js';
export { comparisonFiles, writeComparison, type ComparisonFiles } from './charts/node.js';
export {
  exportModel,
  readModelCard,
  type Classifier,
  type ExportOptions,
  type PixelImage,
  type Prediction,
} from './export/index.js';
export { exportRun, loadClassifier, type NodeClassifier, type PredictOptions } from './export/node.js';
export {
  completeWeights,
  encodeInferenceModel,
  encodeWeights,
  startingWeights,
  stateFrom,
  weightsFromOnnx,
  weightsFromSafetensors,
  type InferenceOptions,
  type StartingOptions,
  type OnnxWeights,
  type WeightMatch,
  type WeightOptions,
  type WeightProblem,
} from './artifacts/index.js';

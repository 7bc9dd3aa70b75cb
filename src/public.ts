/** What ort-train offers wherever it runs; the builds for Node and for the browser add what only they have. */
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
  type MnistCnnOptions,
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
export * from './session/session.js';
export * from './bench/index.js';
export * from './data/index.js';
export * from './train/index.js';
export * from './charts/index.js';
export {
  exportModel,
  readModelCard,
  type Classifier,
  type ExportOptions,
  type ImageClassifier,
  type PixelImage,
  type Prediction,
  type PredictOptions,
} from './export/index.js';
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

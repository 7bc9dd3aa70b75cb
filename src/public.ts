/** What ort-train offers wherever it runs; the builds for Node and for the browser add what only they have. */
export * from './errors.js';
export { print as printGraph, type Graph, type TensorData } from './ir/index.js';
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
  graphKinds,
  type GraphKind,
  type OptimizerOptions,
} from './program/index.js';
export * from './data/index.js';
export * from './train/index.js';
export {
  fallbackLine,
  type Fallback,
  type LoweringReport,
  type LabelledBatch,
  type TuningOptions,
  type TuningStore,
  type StepTuning,
  deviceNames,
  type DeviceName,
  type DeviceReport,
  type SessionOptions,
  type Session,
  type CreateSession,
  type Tensors,
  type DeviceTensor,
  type DeviceTensors,
  type Feeds,
  type Resident,
} from './program/index.js';
export * from './experiments/index.js';
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
export { lowerPortable } from './lower/index.js';
export {
  createTrainingArtifacts,
  type ArtifactOptions,
  type TrainingArtifacts,
  type Manifest,
  type ModelCard,
  encodeInferenceModel,
  type InferenceOptions,
} from './artifacts/index.js';
export {
  decodeSafetensors,
  encodeSafetensors,
  matchWeights,
  completeWeights,
  encodeWeights,
  startingWeights,
  weightsFromSafetensors,
  type StartingOptions,
  stateFrom,
  weightsFromOnnx,
  type OnnxWeights,
  type WeightMatch,
  type WeightOptions,
  type WeightProblem,
} from './weights/index.js';
export { version } from './version.js';

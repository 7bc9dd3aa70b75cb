/** What ort-train offers wherever it runs; the builds for Node and for the browser add what only they have. */

// Networks: layers, how they are joined, what is trained of them, how they begin.
export {
  add,
  averagePool,
  batchNorm,
  chain,
  constantInit,
  conv,
  countParameters,
  defineNetwork,
  dropout,
  flatten,
  freeze,
  gelu,
  globalAveragePool,
  heNormalInit,
  identity,
  linear,
  maxPool,
  named,
  normalInit,
  paddedShortcut,
  relu,
  replaceHead,
  sigmoid,
  silu,
  tanh,
  torchDefaultInit,
  uniformInit,
  type FreezeOptions,
  type Initializer,
  type Net,
  type Network,
  type NetworkDescription,
  type ParameterCounts,
} from './net/index.js';

// Networks that are built in.
export {
  cifarResnet,
  mnistCnn,
  presetNames,
  presetNetwork,
  resnet,
  type CifarResNetOptions,
  type MnistCnnOptions,
  type Norm,
  type PresetName,
  type PresetOptions,
  type ResNetDepth,
  type ResNetOptions,
  type Shortcut,
} from './models/index.js';

// Data: sets, what is done to their images, batches.
export {
  augmentPolicies,
  batches,
  channelStatistics,
  checkNormalization,
  datasetFromCifar,
  datasetFromIdx,
  describeTransforms,
  embeddedDigits,
  evalTransforms,
  isPictureDataset,
  preprocessingOf,
  loadIdx,
  memoryDataset,
  prepareBatch,
  readImages,
  selectClasses,
  transformer,
  type Augment,
  type Augmentation,
  type AugmentPolicy,
  type Batch,
  type BatchMixing,
  type BatchOptions,
  type CheckProgress,
  type CifarSource,
  type DataReport,
  type Dataset,
  type DataSplit,
  type EmbeddedOptions,
  type IdxSource,
  type LabelledImage,
  type LeftOut,
  type MemoryDataset,
  type MemorySource,
  type MemorySplit,
  type Normalization,
  type OutputSize,
  type Picture,
  type PictureDataOptions,
  type PictureDataset,
  type PictureSeed,
  type ReadBuffers,
  type Transform,
  type TransformSpec,
} from './data/index.js';

// Training: the loop, its schedules, what it tells.
export {
  constantLR,
  cosineAnnealingLR,
  exponentialLR,
  fit,
  checkRun,
  linearWarmup,
  multiStepLR,
  networkOf,
  oneCycleLR,
  parseRun,
  recipeFor,
  reduceLROnPlateau,
  runFiles,
  schedulerFrom,
  sequentialLR,
  stepLR,
  Trainer,
  type BatchEnd,
  type EpochRecord,
  type Evaluation,
  type FitOptions,
  type FitResult,
  type History,
  type NamedBytes,
  type NetworkSpec,
  type PrefetchReport,
  type Recipe,
  type ResumePoint,
  type RunSpec,
  type Scheduler,
  type SchedulerMetrics,
  type SchedulerSpec,
  type SchedulerState,
  type StartInfo,
  type StepResult,
  type SubmittedStep,
  type TrainerOptions,
  type TrainOptions,
  type TrainResult,
} from './train/index.js';
export type { NetworkWeights, TrainingState } from './net/index.js';

// Running on devices: sessions, what they report, the measured forms of a step.
export {
  deviceNames,
  fallbackLine,
  type CreateSession,
  type DeviceName,
  type DeviceReport,
  type Fallback,
  type LabelledBatch,
  type LoweringReport,
  type OptimizerOptions,
  type Session,
  type SessionOptions,
  type Tensors,
  type TuningOptions,
  type TuningStore,
} from './program/index.js';

// Weights and checkpoints.
export {
  completeWeights,
  decodeSafetensors,
  encodeSafetensors,
  encodeWeights,
  matchWeights,
  startingWeights,
  stateFrom,
  weightsFromOnnx,
  weightsFromSafetensors,
  type OnnxWeights,
  type SafetensorsFile,
  type StartingOptions,
  type WeightMatch,
  type WeightOptions,
  type WeightProblem,
} from './weights/index.js';
export { initialState } from './net/index.js';

// Artifacts and export: the graphs of a network, training artifacts, models for inference.
export {
  buildGraph,
  buildInferenceGraph,
  graphKinds,
  type GraphKind,
  type GraphOptions,
} from './program/index.js';
export { print as printGraph, type Graph, type TensorData } from './ir/index.js';
export { lowerPortable } from './lower/index.js';
export { encodeModel, type EncodeOptions } from './onnx/index.js';
export {
  createTrainingArtifacts,
  encodeInferenceModel,
  type ArtifactOptions,
  type InferenceOptions,
  type Manifest,
  type CardPreprocessing,
  type ModelCard,
  type TrainingArtifacts,
} from './artifacts/index.js';
export { exportModel, readModelCard, type ExportOptions } from './export/index.js';

// Classifying; `loadClassifier` is of each build.
export type { LabelProbability, PixelImage, Prediction, PredictOptions } from './export/index.js';
export { pixelsFromDrawing, type DigitImage, type Drawing } from './data/index.js';

// Experiments: networks compared, gradients of their layers, pictures.
export {
  compareNetworks,
  comparisonSvg,
  gradientNorms,
  layerGradients,
  type Candidate,
  type ComparedNetwork,
  type CompareOptions,
  type CompareStep,
  type Comparison,
  type GradientOptions,
  type ParameterGradient,
  type PictureOptions,
} from './experiments/index.js';

// Errors: `UserError`s are mistakes in what was asked.
export {
  AbortedError,
  CheckpointError,
  DataError,
  DeviceError,
  DeviceLostError,
  DivergedError,
  GradientError,
  GraphError,
  IoError,
  ModelError,
  OfflineError,
  OptionError,
  OrtTrainError,
  ShapeError,
  StorageError,
  UserError,
  WorkerError,
  type ErrorCode,
} from './errors.js';

export { version } from './version.js';

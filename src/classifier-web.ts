/** Classifying with exported models and nothing else, in a browser: a few kilobytes beside ONNX Runtime. */

// Classifying.
export { loadClassifier, type WebClassifier } from './export/web.js';
export type { LabelProbability, PixelImage, Prediction } from './export/classifier.js';
export type { PredictOptions } from './export/image-classifier.js';
export type { ModelCard } from './artifacts/index.js';
export type { WebImage } from './data/image-web.js';

// Running on devices.
export { configureRuntime, probeWebGpu, type RuntimeOptions, type WebGpuProbe } from './session/web.js';
export type { DeviceName, DeviceReport, SessionOptions } from './program/index.js';

// Errors: `UserError`s are mistakes in what was asked.
export {
  DataError,
  DeviceError,
  DeviceLostError,
  IoError,
  ModelError,
  OptionError,
  OrtTrainError,
  ShapeError,
  UserError,
  type ErrorCode,
} from './errors.js';

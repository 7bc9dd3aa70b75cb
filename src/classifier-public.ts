/** What the classifier's two builds have in common. */

// Classifying.
export type { LabelProbability, PixelImage, Prediction } from './export/classifier.js';
export type { PredictOptions } from './export/image-classifier.js';
export type { CardPreprocessing, ModelCard } from './artifacts/index.js';

// Running on devices.
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

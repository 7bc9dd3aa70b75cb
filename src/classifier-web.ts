/** Classifying with exported models and nothing else, in a browser: a few kilobytes beside ONNX Runtime. */
export type { ModelCard } from './artifacts/index.js';
export type { WebImage } from './data/image-web.js';
export * from './errors.js';
export type { LabelProbability, PixelImage, Prediction } from './export/classifier.js';
export type { PredictOptions } from './export/image-classifier.js';
export { loadClassifier, type WebClassifier } from './export/web.js';
export type { DeviceName, DeviceReport, SessionOptions } from './program/index.js';
export { configureRuntime, probeWebGpu, type RuntimeOptions, type WebGpuProbe } from './session/web.js';

/** Classifying with exported models and nothing else, in Node. */
export type { ModelCard } from './artifacts/index.js';
export * from './errors.js';
export type { LabelProbability, PixelImage, Prediction } from './export/classifier.js';
export type { PredictOptions } from './export/image-classifier.js';
export { loadClassifier, type NodeClassifier } from './export/node.js';
export type { DeviceName, DeviceReport, SessionOptions } from './program/index.js';

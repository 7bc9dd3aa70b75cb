export * from './classifier.js';
export * from './export-model.js';
export type { PredictOptions } from './image-classifier.js';

export * from './classifier.js';
export * from './export-model.js';
export type { ImageClassifier, PredictOptions } from './image-classifier.js';

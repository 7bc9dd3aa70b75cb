export * from './classifier.js';
export * from './export-model.js';

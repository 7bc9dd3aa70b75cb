/** The last room above the wall: from here on there are only bytes, names and numbers. */
export * from './checkpoint.js';
export * from './compile.js';
export * from './fold-batch-norm.js';
export * from './graphs.js';
export * from './inference.js';
export * from './layout.js';
export * from './manifest.js';
export * from './model-card.js';
export * from './onnx-weights.js';
export * from './safetensors.js';
export * from './state.js';
export * from './target.js';
export * from './training-artifacts.js';
export * from './tuning.js';
export * from './types.js';
export * from './version.js';
export * from './weight-files.js';
export type { WeightMatch, WeightOptions, WeightProblem } from './weight-match.js';

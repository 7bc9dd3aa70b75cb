export * from './checkpoint.js';
export * from './onnx-weights.js';
export * from './safetensors.js';
export * from './state.js';
export * from './weight-files.js';
export * from './weight-match.js';

/** Classifying with exported models and nothing else, in a browser: a few kilobytes beside ONNX Runtime. */
export * from './classifier-public.js';

// Classifying.
export { loadClassifier, type WebClassifier } from './export/web.js';
export type { WebImage } from './data/image-web.js';

// Running on devices.
export { configureRuntime, probeWebGpu, type RuntimeOptions, type WebGpuProbe } from './session/web.js';

/** ort-train: trains residual networks on the stock ONNX Runtime. This is the browser build. */
export * from './public.js';
export {
  configureRuntime,
  createWebSession,
  probeWebGpu,
  type RuntimeOptions,
  type WebGpuProbe,
} from './session/web.js';
export type { FileSource, ImageSetOptions, PlacedFile } from './data/files.js';
export { decodeImage, type WebImage } from './data/image-web.js';
export { filesFromDrop, openFiles, type OpenFilesOptions } from './data/web.js';
export type { DecodeOptions } from './data/image.js';
export { loadClassifier, type WebClassifier } from './export/web.js';
export type { BytesSource, WebTrainOptions } from './train/web.js';
export * from './worker/web.js';

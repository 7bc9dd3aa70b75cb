/** ort-train: trains residual networks on the stock ONNX Runtime. This is the browser build. */
export * from './public.js';

// Data: files that a user chose or dropped.
export {
  decodeImage,
  decodePicture,
  filesFromDrop,
  openFiles,
  type DecodedPicture,
  type DecodeOptions,
  type OpenFilesOptions,
  type DecodePictureOptions,
  type WebImage,
} from './data/web.js';
export type { FileSource, PlacedFile } from './data/files.js';

// Training, on the page or in a worker.
export {
  trainResNet,
  TrainingWorker,
  type Mistake,
  type PrepareOptions,
  type StoredRun,
  type WorkerData,
  type WorkerEnvironment,
  type WorkerRun,
  type WorkerStartOptions,
  type WorkerTrainOptions,
  type WorkerTrainResult,
} from './worker/web.js';
export type { BytesSource, WebTrainOptions } from './train/web.js';

// Running on devices.
export {
  configureRuntime,
  createWebSession,
  probeWebGpu,
  type RuntimeOptions,
  type WebGpuProbe,
} from './session/web.js';

// Classifying.
export { loadClassifier, type WebClassifier } from './export/web.js';

/** Training in a Web Worker: what a page uses of it. */
export { trainResNet } from './train-web.js';
export { TrainingWorker, type WorkerStartOptions } from './client-web.js';
export type {
  Mistake,
  PrepareOptions,
  StoredRun,
  WorkerEnvironment,
  WorkerRun,
  WorkerTrainOptions,
  WorkerTrainResult,
} from './protocol.js';
export type { WorkerData } from './run-data.js';

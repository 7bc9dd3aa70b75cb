import { TrainingWorker, type WorkerTrainOptions } from 'ort-train';
import { workerWith } from './tampered-worker.js';

export interface LoseDeviceTrainingOutput {
  /** Devices of the starts of the run, in order. */
  readonly devices: readonly string[];
  readonly steps: readonly number[];
  readonly losses: readonly number[];
  readonly warnings: readonly string[];
  /** The losses of the same run that has wasm from the start. */
  readonly onWasm: readonly number[];
}

const recipe: WorkerTrainOptions = {
  network: { family: 'mnist-cnn', widths: [4, 8, 8] },
  ...{ dataOptions: { digits: { train: 96, test: 16 } }, epochs: 1, batchSize: 16, threads: 1 },
  ...{ checkpointKey: false, checkpointSeconds: 0 },
};

/** Loses the GPU in the middle of a run that may go on with wasm. */
export default async function loseDeviceTraining(): Promise<LoseDeviceTrainingOutput> {
  const devices: string[] = [];
  const steps: number[] = [];
  const warnings: string[] = [];
  const worker = await TrainingWorker.start({ worker: workerWith('gpu at step 3') });
  const { history } = await worker.train({
    ...recipe,
    ...{ devices: ['webgpu'], fallback: 'wasm' },
    onStart: ({ device }) => {
      devices.push(device.chosen);
    },
    onBatchEnd: ({ step }) => {
      steps.push(step);
    },
    onWarning: (message) => {
      warnings.push(message);
    },
  });
  const { history: onWasm } = await worker.train({ ...recipe, devices: ['wasm'] });
  worker.dispose();
  return { devices, steps, losses: history.stepLosses, warnings, onWasm: onWasm.stepLosses };
}

import { isPlainAugment, networkOf, type TrainResult } from '../train/index.js';
import { defined } from '../checks.js';
import { OptionError } from '../errors.js';
import { namedBytes, trainInPlace, type WebTrainOptions } from '../train/web.js';
import { TrainingWorker } from './client-web.js';
import type { WorkerTrainOptions } from './protocol.js';

/**
 * Trains a residual network on onnxruntime-web and returns the classifier as `.onnx` bytes, with its history. In a window it
 * trains in a worker of its own, which ends with the run, so that the page stays responsive; callbacks are then told, not
 * waited for. In a worker it trains in place.
 *
 * Throws OptionError for options outside their range and, in a window, for a `network`, whose functions cannot be sent to a
 * worker; DataError, CheckpointError and DeviceError for what they name, DivergedError when the loss is no longer finite,
 * AbortedError when `signal` fires, WorkerError where no worker starts.
 *
 * @example
 * const { testAccuracy, model } = await trainResNet({ preset: 'mnist-cnn', data: 'digits', epochs: 1 });
 */
export async function trainResNet(options: WebTrainOptions = {}): Promise<TrainResult> {
  if (typeof document === 'undefined') return trainInPlace(options);
  const { network, init, resume, augment, ...rest } = options;
  if (network !== undefined && 'net' in network) {
    throw new OptionError(
      `network: expected a preset or { family, ... }, got the network ${network.name}, whose layers are functions and cannot be ` +
        'sent to the worker that trains for a window; call trainResNet inside a worker of your own to train it',
    );
  }
  if (augment !== undefined && !isPlainAugment(augment)) {
    throw new OptionError(
      'augment: expected transforms by their names, got a function, which cannot be sent to the worker that trains for a ' +
        'window; call trainResNet inside a worker of your own to use it',
    );
  }
  const run: WorkerTrainOptions = {
    ...rest,
    ...defined({ network, augment }),
    checkpointKey: false,
    ...(init !== undefined && { init: await namedBytes(init, 'init') }),
    ...(resume !== undefined && { resume: await namedBytes(resume, 'resume') }),
  };
  const worker = await TrainingWorker.start();
  try {
    const result = await worker.train(run);
    return { ...result, network: networkOf(run), files: {} };
  } finally {
    worker.dispose();
  }
}

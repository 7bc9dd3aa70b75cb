import { OrtTrainError, TrainingWorker, type StoredRun, type WorkerTrainOptions } from 'ort-train';
import { workerWith, type Tampering } from './tampered-worker.js';

/** What is to be done in the page. */
export interface StoredRunInput {
  /**
   * `whole`: a run from start to end; `begin`: one that is left alone after `steps` steps are stored; `resume`: goes on with
   * a stored one; `stored`, `forget`: no run.
   */
  readonly action: 'whole' | 'begin' | 'resume' | 'stored' | 'forget';
  readonly steps?: number;
  readonly key?: string | false;
  /** What the worker's browser lacks. */
  readonly without?: Tampering;
}

export interface StoredRunOutput {
  /** Losses of the steps that this page saw, from the first. */
  readonly losses: readonly number[];
  /** Number of that first step. */
  readonly firstStep: number;
  readonly stored?: Omit<StoredRun, 'stepLosses'> & { readonly losses: readonly number[] };
  readonly warnings: readonly string[];
  /** Name and message of what went wrong. */
  readonly error?: string;
}

/** 3 epochs of 10 steps, each with a rate of its own and an evaluation. */
const recipe: WorkerTrainOptions = {
  network: { family: 'cifar-resnet', depth: 8, channels: 1, imageSize: 28 },
  ...{ data: 'digits', digits: { train: 160, test: 32 } },
  ...{ epochs: 3, batchSize: 16, learningRate: 3e-3, seed: 5 },
  scheduler: { name: 'stepLR', options: { stepSize: 1, gamma: 0.5 } },
  threads: 1,
  checkpointSeconds: 0.05,
};

/** Trains in a worker whose run is stored, or finds one that is. */
export default async function storedRun({
  action,
  steps = 0,
  key,
  without,
}: StoredRunInput): Promise<StoredRunOutput> {
  const losses: number[] = [];
  const warnings: string[] = [];
  let firstStep = 0;
  let wake = (): void => undefined;
  let last: StoredRun | undefined;
  const told: WorkerTrainOptions = {
    ...(key !== undefined && { checkpointKey: key }),
    onBatchEnd: ({ step, loss }) => {
      if (losses.length === 0) firstStep = step;
      losses.push(loss);
    },
    onCheckpoint: (stored) => {
      last = stored;
      wake();
    },
    onWarning: (message) => {
      warnings.push(message);
      wake();
    },
  };
  try {
    const worker = await TrainingWorker.start(without ? { worker: workerWith(without) } : {});
    if (action === 'begin') {
      // Left alone: what becomes of it is seen from the next page.
      const run = worker.train({ ...recipe, ...told });
      const ended = run.then(() => {
        throw new Error('the run ended before it was left');
      });
      const stored = (async () => {
        while ((last?.step ?? 0) < steps && warnings.length === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      })();
      await Promise.race([stored, ended]);
    }
    if (action === 'whole') await worker.train({ ...recipe, ...told });
    if (action === 'resume') await worker.train({ resume: 'stored', ...told });
    if (action === 'forget') await worker.forget(key === false ? undefined : key);
    const stored =
      last ?? (action === 'whole' ? undefined : await worker.stored(key === false ? undefined : key));
    if (action !== 'begin') worker.dispose();
    return { losses, firstStep, warnings, ...(stored && { stored: shown(stored) }) };
  } catch (error) {
    if (!(error instanceof OrtTrainError)) throw error;
    return { losses, firstStep, warnings, error: `${error.name}: ${error.message}` };
  }
}

function shown({ stepLosses, ...stored }: StoredRun): NonNullable<StoredRunOutput['stored']> {
  return { ...stored, losses: Array.from(stepLosses) };
}

import { OrtTrainError, TrainingWorker, type StoredRun, type WorkerTrainOptions } from 'ort-train';
import { workerWith, type Tampering } from './tampered-worker.js';

/** What is done with a worker, one after the other. */
export interface StoredRunInput {
  readonly actions: readonly Action[];
  /** What the worker's browser lacks. */
  readonly without?: readonly Tampering[];
}

/**
 * `whole`: a run from start to end; `begin`: one that is left to itself after so many steps are stored; `hold`: one that is
 * paused then, and `release`: goes on; `resume`: goes on with a stored one; `stored`, `forget`: no run.
 */
export interface Action {
  readonly do: 'whole' | 'begin' | 'hold' | 'release' | 'resume' | 'stored' | 'forget';
  readonly steps?: number;
  readonly key?: string | false;
}

/** What an action gave. */
export interface StoredRunOutput {
  /** Losses of the steps that the page saw in this run. */
  readonly losses: readonly number[];
  /** Number of the first of them. */
  readonly firstStep: number;
  readonly stored?: Omit<StoredRun, 'stepLosses'> & { readonly losses: readonly number[] };
  readonly warnings: readonly string[];
  /** Name and message of what went wrong. */
  readonly error?: string;
}

/** 3 epochs of 40 steps, each with a rate of its own and an evaluation. */
const recipe: WorkerTrainOptions = {
  network: { family: 'mnist-cnn', widths: [4, 8, 8] },
  ...{ data: 'digits', dataOptions: { digits: { train: 640, test: 64 } }, shuffle: true },
  ...{ epochs: 3, batchSize: 16, learningRate: 3e-3, seed: 5, threads: 1 },
  scheduler: { name: 'stepLR', options: { stepSize: 1, gamma: 0.5 } },
  checkpointSeconds: 0.05,
};

/** What the page has seen of its last run. */
interface Seen {
  readonly losses: number[];
  readonly warnings: string[];
  firstStep: number;
  /** Settles when the run does. */
  run?: Promise<unknown>;
}

// One worker for each page: it goes on from call to call.
let worker: TrainingWorker | undefined;
let seen: Seen | undefined;

/** Trains in a worker whose run is stored, or finds one that is. */
export default async function storedRun({ actions, without }: StoredRunInput): Promise<StoredRunOutput[]> {
  worker ??= await TrainingWorker.start(without ? { worker: workerWith(...without) } : {});
  const outputs: StoredRunOutput[] = [];
  for (const action of actions) outputs.push(await perform(worker, action));
  return outputs;
}

async function perform(on: TrainingWorker, { do: what, steps = 0, key }: Action): Promise<StoredRunOutput> {
  if (what !== 'release') seen = { losses: [], warnings: [], firstStep: 0 };
  const now = seen ?? { losses: [], warnings: [], firstStep: 0 };
  const { losses, warnings } = now;
  let wake: (stored: StoredRun) => void = () => undefined;
  const isThere = new Promise<StoredRun>((resolve) => {
    wake = resolve;
  });
  const told: WorkerTrainOptions = {
    ...(key !== undefined && { checkpointKey: key }),
    onBatchEnd: ({ step, loss }) => {
      if (losses.length === 0) now.firstStep = step;
      losses.push(loss);
    },
    onCheckpoint: (stored) => {
      if (stored.step >= steps) wake(stored);
    },
    onWarning: (message) => {
      warnings.push(message);
    },
  };
  const { firstStep } = now;
  try {
    if (what === 'begin' || what === 'hold') {
      now.run = on.train({ ...recipe, ...told });
      const failed = now.run.then(() => Promise.reject(new Error('the run has ended')));
      const stored = await Promise.race([isThere, failed]);
      // Nothing is asked of the worker any more: it may be stuck.
      if (what === 'begin') return { losses, warnings, firstStep: now.firstStep, stored: shown(stored) };
      await on.pause();
    }
    if (what === 'release') {
      await on.resume();
      await now.run;
    }
    if (what === 'whole') await on.train({ ...recipe, ...told });
    if (what === 'resume') await on.train({ resume: 'stored', ...told });
    if (what === 'forget') await on.forget(key === false ? undefined : key);
    const stored = key === false ? undefined : await on.stored(key);
    return { losses, warnings, firstStep: now.firstStep, ...(stored && { stored: shown(stored) }) };
  } catch (error) {
    if (!(error instanceof OrtTrainError)) throw error;
    return { losses, warnings, firstStep, error: `${error.name}: ${error.message}` };
  }
}

function shown({ stepLosses, ...stored }: StoredRun): NonNullable<StoredRunOutput['stored']> {
  return { ...stored, losses: Array.from(stepLosses) };
}

import { TrainingWorker } from 'ort-train';
import { drawStroke } from './draw.js';

export interface TrainInWorkerOutput {
  /** How often a timer of the page had its turn before the first step was told, and from then to the end. */
  readonly turnsBefore: number;
  readonly turnsWhile: number;
  /** WebAssembly that the page itself has loaded. */
  readonly runtimes: readonly string[];
  readonly crossOriginIsolated: boolean;
  readonly device: { readonly chosen: string; readonly threads: number };
  /** Steps that were told, and the losses that the result has. */
  readonly told: readonly number[];
  readonly losses: number;
  /** Steps told while the run was paused and predictions were made. */
  readonly whilePaused: number;
  readonly mistakes: readonly { readonly label: string; readonly predicted: string }[];
  readonly taught: number;
}

/** Trains in a worker while the page predicts, pauses, teaches and asks for mistakes, and counts its own turns. */
export default async function trainInWorker(steps: number): Promise<TrainInWorkerOutput> {
  const image = drawStroke();
  const worker = await TrainingWorker.start({ prepare: { digits: { train: 3200, test: 200 } } });
  const told: number[] = [];
  let [turnsBefore, turnsWhile, watching] = [0, 0, true];
  const turn = (): void => {
    if (told.length === 0) turnsBefore += 1;
    else turnsWhile += 1;
    if (watching) setTimeout(turn, 0);
  };
  setTimeout(turn, 0);
  let wake = (): void => undefined;
  const run = worker.train({
    ...{
      preset: 'mnist-cnn',
      data: 'digits',
      dataOptions: { digits: { train: 3200, test: 200 } },
      epochs: 9,
      maxSteps: steps,
    },
    ...{ batchSize: 64, checkpointKey: false },
    onBatchEnd: ({ step }) => {
      told.push(step);
      wake();
    },
  });
  const until = async (step: number): Promise<void> => {
    while ((told.at(-1) ?? 0) < step) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  await until(3);
  const predict = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      const { probabilities } = await worker.predict(image);
      if (probabilities.length !== 10) throw new Error('expected ten probabilities');
    }
  };
  await predict(5);
  const mistakes = await worker.mistakes(4);
  const taught = await worker.teach(image, 0);
  await worker.pause();
  const before = told.length;
  // In a run that goes on, each prediction waits for the end of a step.
  await predict(3);
  const whilePaused = told.length - before;
  await worker.resume();
  const { device, history } = await run;
  watching = false;
  worker.dispose();
  return {
    ...{ turnsBefore, turnsWhile },
    runtimes: performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => /\.wasm(?:[?#]|$)/.test(name)),
    crossOriginIsolated: worker.environment.crossOriginIsolated,
    device,
    told,
    losses: history.stepLosses.length,
    whilePaused,
    mistakes: mistakes.map(({ label, predicted }) => ({ label, predicted })),
    taught,
  };
}

import { TrainingWorker } from 'ort-train';
import { drawStroke } from './draw.js';

export interface TrainInWorkerOutput {
  /** Milliseconds of the longest task of the page's own thread. */
  readonly longestTask: number;
  /** Milliseconds between two frames at most. */
  readonly longestFrame: number;
  readonly crossOriginIsolated: boolean;
  readonly device: { readonly chosen: string; readonly threads: number };
  /** Steps that were told, and the losses that the result has. */
  readonly told: readonly number[];
  readonly losses: number;
  /** Milliseconds that predictions took while the run went. */
  readonly latencies: readonly number[];
  readonly stepMs: number;
  /** Steps told while the run was paused for 300 ms. */
  readonly whilePaused: number;
  readonly mistakes: readonly { readonly label: string; readonly predicted: string }[];
  readonly taught: number;
  readonly events: number;
}

/** Trains in a worker while the page predicts, pauses, teaches and asks for mistakes, and watches its own thread. */
export default async function trainInWorker(steps: number): Promise<TrainInWorkerOutput> {
  const image = drawStroke();
  const worker = await TrainingWorker.start({ prepare: { digits: { train: 3200, test: 200 } } });
  const tasks: number[] = [];
  const observer = new PerformanceObserver((list) => {
    tasks.push(...list.getEntries().map(({ duration }) => duration));
  });
  observer.observe({ type: 'longtask' });
  let [longestFrame, lastFrame, watching] = [0, performance.now(), true];
  const frame = (): void => {
    const now = performance.now();
    longestFrame = Math.max(longestFrame, now - lastFrame);
    lastFrame = now;
    if (watching) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const told: number[] = [];
  let wake = (): void => undefined;
  let first = 0;
  const run = worker.train({
    ...{
      preset: 'mnist-cnn',
      data: 'digits',
      digits: { train: 3200, test: 200 },
      epochs: 9,
      maxSteps: steps,
    },
    ...{ batchSize: 64, checkpointKey: false },
    onBatchEnd: ({ step }) => {
      if (told.length === 0) first = performance.now();
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
  const latencies: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    const { probabilities } = await worker.predict(image);
    if (probabilities.length !== 10) throw new Error('expected ten probabilities');
    latencies.push(performance.now() - start);
  }
  const mistakes = await worker.mistakes(4);
  const taught = await worker.teach(image, 0);
  await worker.pause();
  const before = told.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const whilePaused = told.length - before;
  await worker.resume();
  const { device, history } = await run;
  watching = false;
  observer.disconnect();
  worker.dispose();
  return {
    longestTask: Math.max(0, ...tasks),
    longestFrame,
    crossOriginIsolated: worker.environment.crossOriginIsolated,
    device,
    told,
    losses: history.stepLosses.length,
    latencies,
    stepMs: (performance.now() - first) / told.length,
    whilePaused,
    mistakes: mistakes.map(({ label, predicted }) => ({ label, predicted })),
    taught,
    events: told.length,
  };
}

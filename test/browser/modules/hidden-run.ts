import { TrainingWorker } from 'ort-train';

let steps = 0;
let tellStored = (): void => undefined;
const storedWhenHidden = new Promise<void>((resolve) => {
  tellStored = resolve;
});

/** Trains without end. */
export async function begin(): Promise<void> {
  const worker = await TrainingWorker.start();
  await new Promise<void>((resolve, reject) => {
    worker
      .train({
        network: { family: 'mnist-cnn', widths: [4, 8, 8] },
        ...{ dataOptions: { digits: { train: 3200, test: 64 } }, epochs: 100_000, batchSize: 4, threads: 1 },
        // Never: what is stored in the first epoch is stored because the page was hidden.
        checkpointSeconds: 1e9,
        onBatchEnd: () => {
          steps += 1;
          resolve();
        },
        onCheckpoint: ({ epoch }) => {
          if (document.visibilityState === 'hidden' && epoch === 0) tellStored();
        },
      })
      .catch(reject);
  });
}

/** Waits until the run was stored because the page was hidden. */
export async function untilStored(): Promise<string> {
  await storedWhenHidden;
  return document.visibilityState;
}

/** How many steps are told while so many timers of 100 ms go off in this page, one after the other. */
export async function stepsDuring(timers: number): Promise<number> {
  const before = steps;
  for (let i = 0; i < timers; i++) await new Promise((resolve) => setTimeout(resolve, 100));
  return steps - before;
}

import { TrainingWorker } from 'ort-train';

let steps = 0;
let storedWhenHidden = false;

/** Trains without end. */
export async function begin(): Promise<void> {
  const worker = await TrainingWorker.start();
  await new Promise<void>((resolve, reject) => {
    worker
      .train({
        network: { family: 'mnist-cnn', widths: [4, 8, 8] },
        ...{ digits: { train: 3200, test: 64 }, epochs: 1000, batchSize: 16, threads: 1 },
        // Later than this test: what is stored is stored because the page was hidden.
        checkpointSeconds: 600,
        onBatchEnd: () => {
          steps += 1;
          resolve();
        },
        onCheckpoint: ({ epoch }) => {
          if (document.visibilityState === 'hidden' && epoch === 0) storedWhenHidden = true;
        },
      })
      .catch(reject);
  });
}

/** Waits until the run was stored because the page was hidden. */
export async function untilStored(): Promise<string> {
  while (!storedWhenHidden) await new Promise((resolve) => setTimeout(resolve, 50));
  return document.visibilityState;
}

/** What happens in two seconds. */
export async function measure(): Promise<Readonly<Record<'steps' | 'timers', number>>> {
  const [start, before] = [performance.now(), steps];
  let timers = 0;
  while (performance.now() - start < 2000) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    timers += 1;
  }
  return { steps: steps - before, timers };
}

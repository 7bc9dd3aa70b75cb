import type { Worker } from 'node:worker_threads';

/** Worker threads that this process has started since the tests of the file began. */
const started: Worker[] = [];
process.on('worker', (worker) => started.push(worker));

/** How many of them were started and how many still run. */
export function threads(): { readonly started: number; readonly alive: number } {
  // A thread that has ended has the id -1.
  return { started: started.length, alive: started.filter(({ threadId }) => threadId !== -1).length };
}

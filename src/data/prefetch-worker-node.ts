/** Prepares batches on a thread of its own; started by `Prefetcher` with a data set in shared memory. */
import { parentPort, workerData } from 'node:worker_threads';
import { packError } from '../error-transfer.js';
import { assert } from '../errors.js';
import { cutEpoch } from './batches.js';
import type { Dataset } from './dataset.js';
import { publish, waitForSlot, type PrefetchMessage, type PrefetchRequest } from './prefetch-ring-node.js';

assert(parentPort, 'the script of a worker thread was started as a program');
const port = parentPort;
const dataset = workerData as Dataset;

const say = (message: PrefetchMessage): void => {
  port.postMessage(message);
};

function prepareAll({ id, counters, slots, options }: PrefetchRequest): void {
  const { from, to, prepare } = cutEpoch(dataset, options);
  for (let index = from; index < to; index++) {
    if (!waitForSlot(counters, slots.length)) return;
    prepare(index, slots[(index - from) % slots.length]);
    if (publish(counters)) say({ kind: 'batch', id });
  }
}

port.on('message', (request: PrefetchRequest) => {
  try {
    prepareAll(request);
  } catch (error) {
    say({ kind: 'failed', id: request.id, error: packError(error) });
  }
});
say({ kind: 'ready' });

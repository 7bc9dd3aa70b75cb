/** Prepares batches on a thread of its own; started by `Prefetcher` with the data sets. */
import { parentPort, workerData } from 'node:worker_threads';
import { packError } from '../error-transfer.js';
import { assert } from '../errors.js';
import { cutEpoch } from './batches.js';
import { openShared } from './description-node.js';
import type { DatasetDescription } from './description.js';
import { publish, waitForSlot, type PrefetchMessage, type PrefetchRequest } from './prefetch-ring-node.js';

assert(parentPort, 'the script of a worker thread was started as a program');
const port = parentPort;
const datasets = await Promise.all((workerData as readonly DatasetDescription[]).map(openShared));

const say = (message: PrefetchMessage): void => {
  port.postMessage(message);
};

/** The epoch before, which has to end first: it notices between two batches that it was given up. */
let running: Promise<void> = Promise.resolve();

async function prepareAll({
  id,
  set,
  counters,
  slots,
  options,
  first,
  stride,
}: PrefetchRequest): Promise<void> {
  const dataset = datasets[set];
  assert(dataset, `no data set ${set} in this thread`);
  const { to, prepare } = cutEpoch(dataset, options);
  for (let index = first, place = 0; index < to; index += stride, place++) {
    if (!waitForSlot(counters, slots.length)) return;
    await prepare(index, slots[place % slots.length]);
    if (publish(counters)) say({ kind: 'batch', id });
  }
}

port.on('message', (request: PrefetchRequest) => {
  running = running.then(async () => {
    try {
      await prepareAll(request);
    } catch (error) {
      say({ kind: 'failed', id: request.id, error: packError(error) });
    }
  });
});
say({ kind: 'ready' });

import { assert, OptionError } from '../errors.js';
import type { Batch, BatchBuffers } from './batch.js';
import { batchBuffers, batchCount, checkCut, type BatchOptions } from './batches.js';
import type { Dataset } from './dataset.js';
import { shareDataset } from './description-node.js';
import type { DatasetDescription } from './description.js';
import * as ring from './prefetch-ring-node.js';
import { PrefetchThread, type Walk } from './prefetch-thread-node.js';

/** A thread fills one while the other waits; a batch that was taken was copied, so its slot is free. */
const SLOTS = 2;

/** How to start a `Prefetcher`. */
export interface PrefetchOptions {
  /** Threads, each of which prepares every so many-th batch; 1 unless given. */
  readonly threads?: number;
  /** What a thread runs, for callers that have moved it; the file beside this one unless given. */
  readonly script?: URL;
}

/**
 * Threads that prepare the next batches of data sets while the last one is trained on. They have the data sets in shared
 * memory, or open the files of pictures themselves: where pixels and labels do not lie in SharedArrayBuffers they are
 * copied there once, a byte for each pixel, and later changes are not seen. Each thread has memory for two batches. Call
 * `dispose` when done.
 *
 * @example
 * const prefetcher = await Prefetcher.start([data.train, data.test]);
 * await fit(trainer, data, { ...options, batches: prefetcher.batches });
 * await prefetcher.dispose();
 */
export class Prefetcher {
  readonly #datasets: readonly Dataset[];
  readonly #threads: readonly PrefetchThread[];
  #memory: { readonly key: string; readonly slots: readonly (readonly BatchBuffers[])[] } | undefined;

  private constructor(datasets: readonly Dataset[], threads: readonly PrefetchThread[]) {
    this.#datasets = datasets;
    this.#threads = threads;
  }

  /** Starts the threads. Throws WorkerError where that is impossible, OptionError for a data set that no thread can open. */
  static async start(
    datasets: readonly Dataset[],
    { threads = 1, script = new URL('./prefetch-worker-node.js', import.meta.url) }: PrefetchOptions = {},
  ): Promise<Prefetcher> {
    const shared = datasets.map((dataset): DatasetDescription => {
      const found = shareDataset(dataset);
      if (found !== undefined) return found;
      throw new OptionError(
        `prefetch: expected data in memory or picture files, got ${dataset.name}, whose functions no thread can be sent`,
      );
    });
    const started = await Promise.allSettled(
      Array.from({ length: threads }, () => PrefetchThread.start(shared, script)),
    );
    const running = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const failed = started.find((each) => each.status === 'rejected');
    if (failed === undefined) return new Prefetcher(datasets, running);
    await Promise.all(running.map((thread) => thread.dispose()));
    throw failed.reason;
  }

  /**
   * The batches of one epoch, bit for bit those of the function `batches`; one epoch at a time. What it throws comes with
   * the first batch: OptionError as there, and for another data set than the threads have; WorkerError if one is gone.
   */
  readonly batches = (dataset: Dataset, options: BatchOptions): AsyncIterable<Batch> => ({
    [Symbol.asyncIterator]: () => this.#epoch(dataset, options),
  });

  /** Ends the threads, whatever they are doing, and waits for their end; a second call does nothing. */
  async dispose(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.dispose()));
  }

  async *#epoch(dataset: Dataset, options: BatchOptions): AsyncGenerator<Batch> {
    const { batchSize, from = 0, reuse = false } = options;
    const set = this.#datasets.indexOf(dataset);
    if (set < 0) {
      const names = this.#datasets.map(({ name }) => name).join(' or ');
      throw new OptionError(
        `prefetch: expected ${names}, the data that the threads were started with, got another data set, ${dataset.name}`,
      );
    }
    checkCut(dataset, options);
    const slots = this.#slotsFor(dataset, batchSize);
    const threads = this.#threads.map((thread, t) => {
      const own = slots[t] ?? [];
      const request = { set, slots: own, options, first: from + t, stride: this.#threads.length };
      return { thread, slots: own, walk: thread.ask(request) };
    });
    const own = reuse ? batchBuffers(dataset, batchSize) : undefined;
    try {
      for (let index = from; index < batchCount(dataset.count, batchSize); index++) {
        const {
          thread,
          walk,
          slots: filled,
        } = threads[(index - from) % threads.length] as {
          readonly thread: PrefetchThread;
          readonly walk: Walk;
          readonly slots: readonly BatchBuffers[];
        };
        const place = Math.floor((index - from) / threads.length);
        await thread.waitFor(walk, place);
        const size = Math.min(batchSize, dataset.count - index * batchSize);
        const batch = take(filled[place % filled.length], size, own ?? batchBuffers(dataset, size));
        ring.release(walk.counters);
        yield { ...batch, index };
      }
    } finally {
      for (const { walk } of threads) ring.giveUp(walk.counters);
    }
  }

  #slotsFor(dataset: Dataset, batchSize: number): readonly (readonly BatchBuffers[])[] {
    const key = `${dataset.shape.join('x')} ${batchSize}`;
    if (this.#memory?.key !== key) {
      this.#memory = { key, slots: this.#threads.map(() => ring.newSlots(dataset, batchSize, SLOTS)) };
    }
    return this.#memory.slots;
  }
}

/** Copies a batch out of its slot: onnxruntime-node takes no memory that is shared. */
function take(slot: BatchBuffers | undefined, size: number, to: BatchBuffers): Omit<Batch, 'index'> {
  assert(slot, 'a prefetcher without slots');
  const pixels = (slot.images.length / slot.labels.length) * size;
  const [images, labels] = [to.images.subarray(0, pixels), to.labels.subarray(0, size)];
  images.set(slot.images.subarray(0, pixels));
  labels.set(slot.labels.subarray(0, size));
  return { images, labels, size };
}

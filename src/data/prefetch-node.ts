import { Worker } from 'node:worker_threads';
import { unpackError } from '../error-transfer.js';
import { assert, messageOf, OptionError, WorkerError } from '../errors.js';
import {
  batchBuffers,
  batchCount,
  checkCut,
  type Batch,
  type BatchBuffers,
  type BatchOptions,
} from './batches.js';
import type { Dataset } from './dataset.js';
import * as ring from './prefetch-ring-node.js';
import { shareDataset } from './share-node.js';

/** One is filled while the other waits; a batch that was taken was copied, so its slot is free. */
const SLOTS = 2;

/** The epoch in progress. */
interface Walk {
  readonly id: number;
  readonly counters: Int32Array;
  failure?: Error;
  wake?: () => void;
}

/**
 * A thread that prepares the next batches of a data set while the last one is trained on. It has the data set in shared
 * memory: where pixels and labels do not lie in SharedArrayBuffers they are copied there once, a byte for each pixel, and
 * later changes are not seen. It also has memory for two batches. Holds a thread: call `dispose` when done.
 *
 * @example
 * const prefetcher = await Prefetcher.start(data.train);
 * await fit(trainer, data, { ...options, batches: prefetcher.batches });
 * await prefetcher.dispose();
 */
export class Prefetcher {
  readonly #dataset: Dataset;
  readonly #worker: Worker;
  #walk: Walk | undefined;
  #walks = 0;
  #memory: { readonly batchSize: number; readonly slots: readonly BatchBuffers[] } | undefined;
  /** Why the thread is gone. */
  #gone: WorkerError | undefined;

  private constructor(dataset: Dataset, worker: Worker) {
    this.#dataset = dataset;
    this.#worker = worker;
    worker.on('message', (message: ring.PrefetchMessage) => {
      const walk = this.#walk;
      if (message.kind === 'ready' || message.id !== walk?.id) return;
      if (message.kind === 'failed') walk.failure = unpackError(message.error);
      walk.wake?.();
    });
    worker.on('error', (cause) => {
      this.#gone ??= failure(`failed: ${messageOf(cause)}`, cause);
    });
    // Comes after an error too.
    worker.on('exit', (code) => {
      this.#gone ??= failure(`has ended with status ${code}`);
      this.#walk?.wake?.();
    });
  }

  /**
   * Starts the thread. Throws WorkerError where that is impossible.
   *
   * @param script - What the thread runs, for callers that have moved it; default: the file beside this one.
   */
  static async start(
    dataset: Dataset,
    script: URL = new URL('./prefetch-worker-node.js', import.meta.url),
  ): Promise<Prefetcher> {
    let worker: Worker;
    try {
      // A thread inherits the program's options; Node refuses this one for a script that is a file.
      const isInline = process.execArgv.some((option) => option.startsWith('--input-type'));
      worker = new Worker(script, {
        workerData: shareDataset(dataset),
        name: 'ort-train prefetch',
        ...(isInline && { execArgv: [] }),
      });
    } catch (cause) {
      throw failure(`cannot be started: ${messageOf(cause)}`, cause);
    }
    const prefetcher = new Prefetcher(dataset, worker);
    await new Promise<void>((resolve) => {
      for (const event of ['message', 'exit'] as const) {
        worker.once(event, () => {
          resolve();
        });
      }
    });
    if (prefetcher.#gone !== undefined) throw prefetcher.#gone;
    worker.unref();
    return prefetcher;
  }

  /**
   * The batches of one epoch, bit for bit those of the function `batches`; one epoch at a time. What it throws comes with
   * the first batch: OptionError as there, and for another data set than the thread has; WorkerError if the thread is gone.
   */
  readonly batches = (dataset: Dataset, options: BatchOptions): AsyncIterable<Batch> => ({
    [Symbol.asyncIterator]: () => this.#epoch(dataset, options),
  });

  /** Ends the thread, whatever it is doing, and waits for its end; a second call does nothing. */
  async dispose(): Promise<void> {
    this.#gone ??= failure('has ended: it was disposed of');
    await this.#worker.terminate();
  }

  async *#epoch(dataset: Dataset, options: BatchOptions): AsyncGenerator<Batch> {
    const { batchSize, from = 0, reuse = false } = options;
    if (dataset !== this.#dataset) {
      throw new OptionError(
        `prefetch: expected ${this.#dataset.name}, the data set that the thread was started with, got another, ${dataset.name}`,
      );
    }
    checkCut(dataset, options);
    const slots = this.#slotsFor(batchSize);
    const walk = this.#ask(slots, options);
    const own = reuse ? batchBuffers(dataset, batchSize) : undefined;
    try {
      for (let index = from; index < batchCount(dataset.count, batchSize); index++) {
        const place = index - from;
        await this.#waitFor(walk, place);
        const size = Math.min(batchSize, dataset.count - index * batchSize);
        const batch = take(slots[place % slots.length], size, own ?? batchBuffers(dataset, size));
        ring.release(walk.counters);
        yield { ...batch, index };
      }
    } finally {
      ring.giveUp(walk.counters);
    }
  }

  #slotsFor(batchSize: number): readonly BatchBuffers[] {
    if (this.#memory?.batchSize !== batchSize) {
      this.#memory = { batchSize, slots: ring.newSlots(this.#dataset, batchSize, SLOTS) };
    }
    return this.#memory.slots;
  }

  #ask(slots: readonly BatchBuffers[], options: BatchOptions): Walk {
    const before = this.#walk;
    const walk: Walk = { id: ++this.#walks, counters: ring.newCounters() };
    this.#walk = walk;
    if (before !== undefined) {
      ring.giveUp(before.counters);
      before.wake?.();
    }
    const { id, counters } = walk;
    this.#worker.postMessage({ id, counters, slots, options } satisfies ring.PrefetchRequest);
    return walk;
  }

  /** Waits until a batch is ready; nearly always it is. */
  async #waitFor(walk: Walk, place: number): Promise<void> {
    const { counters } = walk;
    this.#checkWalk(walk);
    if (ring.isReady(counters, place)) return;
    // The thread keeps the process alive only while a batch is awaited.
    this.#worker.ref();
    try {
      while (!ring.isReady(counters, place)) {
        const reason = walk.failure ?? this.#gone;
        if (reason !== undefined) throw reason;
        await new Promise<void>((resolve) => {
          walk.wake = resolve;
          if (!ring.askForMessage(counters, place)) resolve();
        });
        this.#checkWalk(walk);
      }
    } finally {
      if (walk === this.#walk) this.#worker.unref();
    }
  }

  /** Another epoch takes this one's slots. */
  #checkWalk(walk: Walk): void {
    if (walk === this.#walk) return;
    throw new OptionError('prefetch: expected one epoch at a time, got another before this one was over');
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

function failure(what: string, cause?: unknown): WorkerError {
  return new WorkerError(
    `prefetch: the thread that prepares batches ${what}; train without it (prefetch: false, --no-prefetch)`,
    cause === undefined ? undefined : { cause },
  );
}

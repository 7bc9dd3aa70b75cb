import { Worker } from 'node:worker_threads';
import { unpackError } from '../error-transfer.js';
import { messageOf, OptionError, WorkerError } from '../errors.js';
import type { DatasetDescription } from './description.js';
import * as ring from './prefetch-ring-node.js';

/** A part of an epoch that a thread prepares. */
export interface Walk {
  readonly id: number;
  readonly counters: Int32Array;
  failure?: Error;
  wake?: () => void;
}

/** One of the threads of a `Prefetcher`. */
export class PrefetchThread {
  readonly #worker: Worker;
  #walk: Walk | undefined;
  #walks = 0;
  /** Why the thread is gone. */
  #gone: WorkerError | undefined;

  private constructor(worker: Worker) {
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

  /** Throws WorkerError where the thread cannot be started. */
  static async start(datasets: readonly DatasetDescription[], script: URL): Promise<PrefetchThread> {
    let worker: Worker;
    try {
      // A thread inherits the program's options; Node refuses this one for a script that is a file.
      const isInline = process.execArgv.some((option) => option.startsWith('--input-type'));
      worker = new Worker(script, {
        workerData: datasets,
        name: 'ort-train prefetch',
        ...(isInline && { execArgv: [] }),
      });
    } catch (cause) {
      throw failure(`cannot be started: ${messageOf(cause)}`, cause);
    }
    const thread = new PrefetchThread(worker);
    await new Promise<void>((resolve) => {
      for (const event of ['message', 'exit'] as const) {
        worker.once(event, () => {
          resolve();
        });
      }
    });
    if (thread.#gone !== undefined) throw thread.#gone;
    worker.unref();
    return thread;
  }

  /** Begins a part of an epoch, and ends the one before it. */
  ask(request: Omit<ring.PrefetchRequest, 'id' | 'counters'>): Walk {
    const before = this.#walk;
    const walk: Walk = { id: ++this.#walks, counters: ring.newCounters() };
    this.#walk = walk;
    if (before !== undefined) {
      ring.giveUp(before.counters);
      before.wake?.();
    }
    const { id, counters } = walk;
    this.#worker.postMessage({ ...request, id, counters } satisfies ring.PrefetchRequest);
    return walk;
  }

  /** Waits until batch `place` of the walk is ready; nearly always it is. */
  async waitFor(walk: Walk, place: number): Promise<void> {
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

  /** Ends the thread, whatever it is doing, and waits for its end; a second call does nothing. */
  async dispose(): Promise<void> {
    this.#gone ??= failure('has ended: it was disposed of');
    await this.#worker.terminate();
  }
}

function failure(what: string, cause?: unknown): WorkerError {
  return new WorkerError(
    `prefetch: the thread that prepares batches ${what}; train without it (prefetch: false, --no-prefetch)`,
    cause === undefined ? undefined : { cause },
  );
}

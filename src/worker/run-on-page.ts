import { AbortedError, OptionError } from '../errors.js';
import type { Caller } from './caller.js';
import type { RunEvent, SentRun, WorkerTrainOptions, WorkerTrainResult } from './protocol.js';
import { dataToSend } from './sent-data.js';

interface CurrentRun {
  readonly options: WorkerTrainOptions;
  /** What a callback threw. */
  failure?: { readonly error: unknown };
}

/** The page's side of a run: sends its options, hands its events to the callbacks, ends it when one throws. */
export class RunOnPage {
  readonly #caller: Caller;
  #current: CurrentRun | undefined;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  get isRunning(): boolean {
    return this.#current !== undefined;
  }

  async train(options: WorkerTrainOptions): Promise<WorkerTrainResult> {
    if (this.#current !== undefined) {
      throw new OptionError(
        'train: expected no run in this worker, but one goes: stop it, or start another worker',
      );
    }
    const run = toSend(options);
    const { signal } = options;
    const current: CurrentRun = { options };
    this.#current = current;
    const stop = (): void => {
      this.#stop();
    };
    try {
      const result = this.#send(run);
      if (signal?.aborted === true) stop();
      signal?.addEventListener('abort', stop);
      const done = await result;
      if (current.failure !== undefined) throw current.failure.error;
      return done;
    } catch (error) {
      if (current.failure !== undefined) throw current.failure.error;
      if (error instanceof AbortedError && signal?.aborted === true) {
        throw new AbortedError(error.message, { cause: signal.reason });
      }
      throw error;
    } finally {
      this.#current = undefined;
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Hands an event to its callback. */
  receive(event: RunEvent): void {
    const current = this.#current;
    // After a callback's error the run ends; what it still sends is of no interest.
    if (current === undefined || current.failure !== undefined) return;
    const fail = (error: unknown): void => {
      current.failure ??= { error };
      this.#stop();
    };
    try {
      for (const told of tell(current.options, event)) {
        // Callbacks may be asynchronous functions, though nobody waits for them.
        if (told instanceof Promise) told.catch(fail);
      }
    } catch (error) {
      fail(error);
    }
  }

  #stop(): void {
    // A lost worker has rejected the run already.
    this.#caller.call('stop', []).catch(() => undefined);
  }

  async #send(run: SentRun): Promise<WorkerTrainResult> {
    try {
      return await this.#caller.call('train', [run]);
    } catch (cause) {
      if (!(cause instanceof Error) || cause.name !== 'DataCloneError') throw cause;
      throw new OptionError(
        `train: expected options that can be sent to a worker (no functions, no class instances): ${cause.message}`,
        { cause },
      );
    }
  }
}

/** Calls the callback of an event and returns its result. */
function tell(options: WorkerTrainOptions, event: RunEvent): readonly unknown[] {
  switch (event.kind) {
    case 'start':
      return [options.onStart?.(event.info)];
    case 'batches':
      return event.batches.map((batch): unknown => options.onBatchEnd?.(batch));
    case 'epoch':
      return [options.onEpochEnd?.(event.record)];
    case 'warning':
      return [options.onWarning?.(event.message)];
    case 'checkpoint':
      return [options.onCheckpoint?.(event.stored)];
  }
}

/** The options without what must stay on the page. */
function toSend(options: WorkerTrainOptions): SentRun {
  const { signal, onStart, onBatchEnd, onEpochEnd, onWarning, onCheckpoint, scheduler, data, ...rest } =
    options;
  if (rest.network !== undefined && 'net' in rest.network) {
    throw new OptionError(
      "network: expected numbers such as { family: 'cifar-resnet', depth: 20 }, got a network whose layers are " +
        'functions, which cannot be sent to a worker; call trainResNet inside a worker of your own to train it',
    );
  }
  return {
    ...rest,
    // A scheduler is functions as well: the worker makes them again from its name and options.
    ...(scheduler && { scheduler: { name: scheduler.name, options: scheduler.options } }),
    ...(data !== undefined && { data: dataToSend(data) }),
  };
}

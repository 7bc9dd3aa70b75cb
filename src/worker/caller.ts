import { unpackError } from '../error-transfer.js';
import type { FromWorker, Request, RunEvent, WorkerCalls } from './protocol.js';

/** What carries messages to a worker: a `Worker`, or a `MessagePort`. */
export interface Carrier {
  postMessage(message: Request, transfer: readonly ArrayBufferLike[]): void;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Calls functions of a worker: numbers each request and settles its promise when the reply of that number comes. Once the
 * worker is lost, all that wait and all that come later reject with the same error.
 */
export class Caller {
  readonly #carrier: Carrier;
  readonly #onEvent: (event: RunEvent) => void;
  readonly #pending = new Map<number, Pending>();
  #next = 1;
  #lost: Error | undefined;

  constructor(carrier: Carrier, onEvent: (event: RunEvent) => void) {
    this.#carrier = carrier;
    this.#onEvent = onEvent;
  }

  /** Why calls can no longer be answered; undefined while the worker lives. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  /** @param transfer - Buffers among the arguments that the page no longer needs: they are moved, not copied. */
  call<Name extends keyof WorkerCalls>(
    call: Name,
    args: Parameters<WorkerCalls[Name]>,
    transfer: readonly ArrayBufferLike[] = [],
  ): ReturnType<WorkerCalls[Name]> {
    const result = new Promise((resolve, reject) => {
      if (this.#lost !== undefined) throw this.#lost;
      const id = this.#next++;
      // First: it throws for what cannot be cloned, and then there is nothing to wait for.
      this.#carrier.postMessage({ id, call, args } as Request, transfer);
      this.#pending.set(id, { resolve, reject });
    });
    return result as ReturnType<WorkerCalls[Name]>;
  }

  /** A message of the worker's. */
  receive(message: FromWorker): void {
    if ('event' in message) {
      this.#onEvent(message.event);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if ('error' in message) pending?.reject(unpackError(message.error));
    else pending?.resolve(message.result);
  }

  /** The worker will not answer any more; the first reason counts. */
  lose(error: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

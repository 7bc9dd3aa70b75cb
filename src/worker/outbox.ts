import type { BatchEnd } from '../train/index.js';
import type { RunEvent } from './protocol.js';

/** Milliseconds between two messages about steps: quick enough for a live curve, slow enough for a page to follow. */
const EVERY = 50;

/** Sends what happens in a run to the page: all steps, several in one message, in order with the rest. */
export class Outbox {
  readonly #send: (event: RunEvent) => void;
  readonly #now: () => number;
  #batches: BatchEnd[] = [];
  #sentAt = -Infinity;

  constructor(send: (event: RunEvent) => void, now = (): number => performance.now()) {
    this.#send = send;
    this.#now = now;
  }

  addBatch(batch: BatchEnd): void {
    this.#batches.push(batch);
    this.sendIfDue();
  }

  /** Anything but a step: what came before it goes first. */
  add(event: Exclude<RunEvent, { readonly kind: 'batches' }>): void {
    this.flush();
    this.#send(event);
  }

  sendIfDue(): void {
    if (this.#now() - this.#sentAt >= EVERY) this.flush();
  }

  flush(): void {
    if (this.#batches.length === 0) return;
    this.#send({ kind: 'batches', batches: this.#batches });
    this.#batches = [];
    this.#sentAt = this.#now();
  }
}

import type { TransferredError } from '../error-transfer.js';
import type { BatchBuffers } from './batch.js';
import type { BatchOptions } from './batches.js';
import type { Dataset } from './dataset.js';

/**
 * How the thread that prepares batches and the one that trains on them communicate: a few slots of shared memory for batches, and
 * counters beside them. No message is sent for a batch that is ready in time, as nearly all are: a round trip
 * takes 57 us, reading a counter no measurable time.
 */

/** How many batches the epoch has so far; only the preparing thread writes it. */
const WRITTEN = 0;
/** How many of them were taken, or `GIVEN_UP`; only the training thread writes it. */
const TAKEN = 1;
/** 1 where the training thread waits to be told of the next batch. */
const WAITING = 2;
const WORDS = 3;
const GIVEN_UP = -1;

/** What the training thread asks for: one epoch, with counters of its own. */
export interface PrefetchRequest {
  /** Which request of this thread it is. */
  readonly id: number;
  /** Which of the data sets. */
  readonly set: number;
  readonly counters: Int32Array;
  /** Batch k of those asked for comes into slot k modulo their number. */
  readonly slots: readonly BatchBuffers[];
  readonly options: BatchOptions;
  /** Index of the first batch asked for. */
  readonly first: number;
  /** How far the next ones are apart: the number of threads. */
  readonly stride: number;
}

/** What the preparing thread says: that it runs, that an awaited batch is ready, or what went wrong. */
export type PrefetchMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'batch'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly error: TransferredError };

/** Counters of an epoch that has not begun. */
export function newCounters(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT));
}

/** Shared memory for `count` batches. */
export function newSlots(
  { shape: [channels, height, width] }: Dataset,
  batchSize: number,
  count: number,
): readonly BatchBuffers[] {
  const pixels = batchSize * channels * height * width;
  return Array.from({ length: count }, () => ({
    images: new Float32Array(new SharedArrayBuffer(pixels * Float32Array.BYTES_PER_ELEMENT)),
    labels: new Int32Array(new SharedArrayBuffer(batchSize * Int32Array.BYTES_PER_ELEMENT)),
  }));
}

/** In the preparing thread: waits for a free slot; false where the epoch was given up. */
export function waitForSlot(counters: Int32Array, slots: number): boolean {
  for (;;) {
    const taken = Atomics.load(counters, TAKEN);
    if (taken === GIVEN_UP) return false;
    if (Atomics.load(counters, WRITTEN) - taken < slots) return true;
    // Returns at once if the value has changed.
    Atomics.wait(counters, TAKEN, taken);
  }
}

/** In the preparing thread: one more batch is there. True where the training thread waits to be told. */
export function publish(counters: Int32Array): boolean {
  Atomics.add(counters, WRITTEN, 1);
  return Atomics.exchange(counters, WAITING, 0) === 1;
}

/** In the training thread: whether batch `place` (0, 1, 2 ...) of those asked for is there. */
export function isReady(counters: Int32Array, place: number): boolean {
  return Atomics.load(counters, WRITTEN) > place;
}

/** In the training thread: asks to be told of batch `place`; false where it is there by now. */
export function askForMessage(counters: Int32Array, place: number): boolean {
  Atomics.store(counters, WAITING, 1);
  return !isReady(counters, place);
}

/** In the training thread: the next slot is free again. */
export function release(counters: Int32Array): void {
  Atomics.add(counters, TAKEN, 1);
  Atomics.notify(counters, TAKEN);
}

/** In the training thread: no more batches of this epoch are wanted. */
export function giveUp(counters: Int32Array): void {
  Atomics.store(counters, TAKEN, GIVEN_UP);
  Atomics.notify(counters, TAKEN);
}

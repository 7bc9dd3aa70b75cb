import { readProgress } from '../weights/index.js';
import { OptionError, StorageError } from '../errors.js';
import type { CheckpointStore } from '../storage/checkpoint-store.js';
import type { RunEvent, StoredRun } from './protocol.js';
import { decodeRecord, describeRun, encodeRecord, type FoundRun, type RunRecord } from './stored-run.js';

/** What a record holds besides its date and the checkpoint. */
export type RunState = Omit<RunRecord, 'savedAt' | 'checkpoint'>;

/** Seconds of training between two checkpoints unless told otherwise. */
const SECONDS = 5;
/** Storing takes at most this share of the time. */
const SHARE = 0.05;

/** How a run is kept. */
export interface KeeperOptions {
  readonly seconds?: number;
  /** Whether the last checkpoint stays in memory, to resume from when the device is lost. */
  readonly inMemory: boolean;
  readonly send: (event: Extract<RunEvent, { readonly kind: 'warning' | 'checkpoint' }>) => void;
  readonly state: () => RunState;
}

/** Where a run is stored. */
export interface Place {
  readonly key: string;
  readonly store: CheckpointStore;
}

/** A checkpoint in memory. */
interface Kept {
  readonly checkpoint: Uint8Array;
  /** How many losses there were by then. */
  readonly losses: number;
}

/** Keeps a run's checkpoints while it trains: in the browser's storage, and in memory if its device may be lost. */
export class RunKeeper {
  readonly #place: Place | undefined;
  readonly #options: KeeperOptions;
  #last: Kept | undefined;
  #lastStep = -1;
  #dueAt: number;
  /** Storage failed and the page knows. */
  #hasWarned = false;

  /** @param place - Where the run is stored; undefined: nowhere. */
  constructor(place: Place | undefined, options: KeeperOptions) {
    this.#place = place;
    this.#options = options;
    this.#dueAt = performance.now() + this.#every;
  }

  /** The last checkpoint, if it stays in memory. */
  get last(): Kept | undefined {
    return this.#last;
  }

  /** Name of the checkpoint in messages. */
  get name(): string | undefined {
    return this.#place && `checkpoint '${this.#place.key}' in the browser's storage`;
  }

  /** Whether it is time for a checkpoint at this step. */
  isDue(step: number): boolean {
    const isKept = this.#place !== undefined || this.#options.inMemory;
    return isKept && step !== this.#lastStep && performance.now() >= this.#dueAt;
  }

  /** Keeps a checkpoint. A refusal by the storage is a warning, given once until it works again. Returns whether it is stored. */
  async keep(checkpoint: Uint8Array): Promise<boolean> {
    try {
      return (await this.store(checkpoint)) !== undefined;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (!this.#hasWarned) {
        const message = `this run cannot be stored at present, it goes on without: ${error.message}`;
        this.#options.send({ kind: 'warning', message });
      }
      this.#hasWarned = true;
      return false;
    }
  }

  /** Keeps a checkpoint; undefined if the run is not stored. Throws StorageError. */
  async store(checkpoint: Uint8Array): Promise<StoredRun | undefined> {
    const start = performance.now();
    const { step } = readProgress(checkpoint, 'checkpoint');
    if (this.#options.inMemory) this.#last = { checkpoint, losses: this.#options.state().losses.length };
    this.#lastStep = step;
    try {
      if (this.#place === undefined) return undefined;
      const { key, store } = this.#place;
      const record: RunRecord = { ...this.#options.state(), savedAt: Date.now(), checkpoint };
      await store.write(key, encodeRecord(record));
      this.#hasWarned = false;
      const stored = describeRun(record, key, store.where);
      this.#options.send({ kind: 'checkpoint', stored });
      return stored;
    } finally {
      const now = performance.now();
      this.#dueAt = now + Math.max(this.#every, (now - start) / SHARE);
    }
  }

  get #every(): number {
    return 1000 * (this.#options.seconds ?? SECONDS);
  }
}

/** The run stored at a place; undefined if there is none. Throws StorageError for a damaged one. */
export async function findRun({ key, store }: Place): Promise<FoundRun | undefined> {
  const bytes = await store.read(key);
  return bytes && decodeRecord(bytes, key, store.where);
}

/** Throws OptionError for data other than those of the resumed run. */
export function checkSameData(was: RunState['data'], is: RunState['data'], key: string): void {
  const shown = ({ train, trainCount, test, testCount }: RunState['data']): string =>
    `${train} (${trainCount} images) and ${test} (${testCount})`;
  if (shown(was) === shown(is)) return;
  throw new OptionError(
    `data: the stored run '${key}' trained on ${shown(was)}: expected the same to go on, got ${shown(is)}`,
  );
}

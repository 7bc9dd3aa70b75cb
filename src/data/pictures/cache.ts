import type { Picture } from '../picture.js';
import type { PictureCache, PictureCacheDescription } from './cache-types.js';

/*
 * Decoded pictures in memory or in a file that all threads of a run share. An entry is written once: its bytes are taken
 * from the end of what is used so far, and when there is no more room, the remaining pictures are decoded each time.
 */

/** Bytes are counted in units, so that 32 bits reach for 32 GiB. */
export const UNIT = 16;

/** Words of an entry: its state, its place in units, height, width. */
const WORDS = 4;
const [EMPTY, WRITING, READY] = [0, 1, 2];

/** The bytes behind a cache. */
export interface CacheStore {
  /** In bytes. */
  readonly size: number;
  read(at: number, into: Uint8Array): Promise<void> | void;
  write(at: number, bytes: Uint8Array): Promise<void> | void;
}

/** Memory for the entries of `count` pictures in both of their forms. */
export function newEntries(count: number): Int32Array {
  return new Int32Array(shared(2 * count * WORDS * Int32Array.BYTES_PER_ELEMENT));
}

/** The counter of the units that are taken, for all data sets that share a store. */
export function newTaken(): Int32Array {
  return new Int32Array(shared(Int32Array.BYTES_PER_ELEMENT));
}

/** Shared memory where threads may share it; a page that may not has one thread. */
export function shared(bytes: number): SharedArrayBuffer | ArrayBuffer {
  return typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
}

/** The pictures of a store. */
export function openCache(
  { entries, taken }: Pick<PictureCacheDescription, 'entries' | 'taken'>,
  store: CacheStore,
  channels: number,
): PictureCache {
  return {
    async get(place) {
      const entry = place * WORDS;
      if (Atomics.load(entries, entry) !== READY) return undefined;
      const [at = 0, height = 0, width = 0] = entries.subarray(entry + 1, entry + WORDS);
      const data = new Uint8Array(height * width * channels);
      await store.read(at * UNIT, data);
      return { data, channels, height, width };
    },
    async put(place, { data, height, width }: Picture) {
      const entry = place * WORDS;
      const units = Math.ceil(data.length / UNIT);
      const most = Math.floor(store.size / UNIT);
      if (Atomics.load(taken, 0) + units > most) return;
      if (Atomics.compareExchange(entries, entry, EMPTY, WRITING) !== EMPTY) return;
      let at = Atomics.load(taken, 0);
      for (;;) {
        // A picture that finds no room is decoded each time; a smaller one may still find some.
        if (at + units > most) {
          Atomics.store(entries, entry, EMPTY);
          return;
        }
        const before = Atomics.compareExchange(taken, 0, at, at + units);
        if (before === at) break;
        at = before;
      }
      await store.write(at * UNIT, data);
      entries.set([at, height, width], entry + 1);
      Atomics.store(entries, entry, READY);
    },
  };
}

/** A store in memory. */
export function memoryStore(bytes: Uint8Array): CacheStore {
  return {
    size: bytes.length,
    read(at, into) {
      into.set(bytes.subarray(at, at + into.length));
    },
    write(at, data) {
      bytes.set(data, at);
    },
  };
}

import { assert } from '../../errors.js';
import { memoryStore, newEntries, newTaken, openCache, shared } from './cache.js';
import type { PictureCache, PictureCacheDescription } from './cache-types.js';

/** In bytes. A phone's browser ends a page that takes much more. */
const BUDGET = 128 * 2 ** 20;

/** Room for the decoded pictures of data sets of `counts` pictures, one description for each; they share it. */
export function newCaches(counts: readonly number[]): readonly PictureCacheDescription[] {
  const store = { kind: 'ram', bytes: new Uint8Array(shared(BUDGET)) } as const;
  const taken = newTaken();
  return counts.map((count) => ({ entries: newEntries(count), taken, store }));
}

/** The pictures of a cache, in this thread. */
export function webCache(cache: PictureCacheDescription, channels: number): PictureCache {
  assert(cache.store.kind === 'ram', 'a page keeps pictures in memory');
  return openCache(cache, memoryStore(cache.store.bytes), channels);
}

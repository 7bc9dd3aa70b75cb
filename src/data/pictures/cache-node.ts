import { closeSync, mkdirSync, openSync, read, statfsSync, unlinkSync, write } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { IoError } from '../../errors.js';
import { defaultCacheDir } from '../cache-node.js';
import { describeCause, orIoError } from '../io-node.js';
import { memoryStore, newEntries, newTaken, openCache, shared, UNIT, type CacheStore } from './cache.js';
import type { PictureCache, PictureCacheDescription } from './cache-types.js';

/** Where decoded pictures are kept while a run goes on. */
export type CacheKind = 'ram' | 'disk' | 'none';

const MIB = 2 ** 20;

/** Enough for some ten thousand small pictures, and little beside the network of a run. */
function memoryBudget(): number {
  const limit = process.constrainedMemory();
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return Math.min(512 * MIB, Math.floor(memory / 8));
}

/** Half of what is free, at most what the entries can address. */
function diskBudget(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return Math.min((bavail * bsize) / 2, (2 ** 31 - 1) * UNIT);
}

const closing = new FinalizationRegistry((descriptor: number) => {
  closeSync(descriptor);
});

/**
 * Room for the decoded pictures of data sets of `counts` pictures, one description for each; they share it. In memory at
 * most 512 MiB or an eighth of the machine's; on the disk half of what is free, in a file that is gone when the process ends.
 *
 * @throws IoError where no file can be made.
 */
export function newCaches(
  kind: CacheKind,
  counts: readonly number[],
): readonly (PictureCacheDescription | undefined)[] {
  if (kind === 'none') return counts.map(() => undefined);
  const store =
    kind === 'ram'
      ? { kind, bytes: new Uint8Array(shared(memoryBudget())) }
      : { kind, ...openFile(join(dirname(defaultCacheDir()), 'pictures')) };
  const taken = newTaken();
  const caches = counts.map((count) => ({ entries: newEntries(count), taken, store }));
  if (store.kind === 'disk') closing.register(store, store.descriptor);
  return caches;
}

function openFile(folder: string): { readonly descriptor: number; readonly size: number } {
  const path = join(folder, `${randomUUID()}.raw`);
  try {
    mkdirSync(folder, { recursive: true });
    const descriptor = openSync(path, 'wx+');
    // Without a name it is gone with the process, however that ends. All threads of a process share its descriptors.
    unlinkSync(path);
    return { descriptor, size: diskBudget(folder) };
  } catch (cause) {
    throw new IoError(`${path}: cannot keep decoded pictures there: ${describeCause(cause)}`, { cause });
  }
}

/** The pictures of a cache, in this thread. */
export function nodeCache(cache: PictureCacheDescription, channels: number): PictureCache {
  const { store } = cache;
  return openCache(
    cache,
    store.kind === 'ram' ? memoryStore(store.bytes) : fileStore(store.descriptor, store.size),
    channels,
  );
}

const readAt = promisify(read);
const writeAt = promisify(write);

function fileStore(descriptor: number, size: number): CacheStore {
  const doing = 'cannot keep decoded pictures on the disk any more (cache: none, --cache none keeps none)';
  return {
    size,
    async read(at, into) {
      await orIoError(doing, readAt(descriptor, into, 0, into.length, at));
    },
    async write(at, bytes) {
      for (let done = 0; done < bytes.length;) {
        const writing = writeAt(descriptor, bytes, done, bytes.length - done, at + done);
        done += (await orIoError(doing, writing)).bytesWritten;
      }
    },
  };
}

import { createStore, del, get, set, type UseStore } from 'idb-keyval';
import { StorageError } from '../errors.js';
import { megabytes, storageError, type CheckpointStore } from './checkpoint-store.js';

/**
 * Checkpoints in IndexedDB, whose transactions are atomic; undefined where the browser lacks or refuses it.
 * Source: https://w3c.github.io/IndexedDB/
 */
export async function indexedDbStore(): Promise<CheckpointStore | undefined> {
  if (typeof indexedDB === 'undefined') return undefined;
  let store: UseStore;
  try {
    store = createStore('ort-train', 'checkpoints');
    // Opens the database: some browsers refuse only here.
    await get('', store);
  } catch {
    return undefined;
  }
  return {
    where: 'indexeddb',
    async read(key) {
      const value = await orStorageError(`reading checkpoint '${key}'`, get<unknown>(key, store));
      if (value === undefined || value instanceof Uint8Array) return value;
      throw new StorageError(
        `checkpoint '${key}' in the browser's storage is damaged: expected bytes, got ${typeof value}; remove it`,
      );
    },
    write: (key, bytes) =>
      orStorageError(`writing checkpoint '${key}' (${megabytes(bytes.length)})`, set(key, bytes, store)),
    remove: (key) => orStorageError(`removing checkpoint '${key}'`, del(key, store)),
  };
}

async function orStorageError<T>(doing: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw storageError(doing, error);
  }
}

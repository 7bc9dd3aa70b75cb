import { StorageError } from '../errors.js';
import type { CheckpointStore } from './checkpoint-store.js';
import { indexedDbStore } from './indexed-db-web.js';
import { opfsStore } from './opfs-web.js';

/**
 * The browser's storage for checkpoints: the origin-private file system, else IndexedDB. Throws StorageError where the
 * browser refuses both.
 *
 * @example
 * const store = await openStore();
 * await store.write('default', bytes);
 */
export async function openStore(): Promise<CheckpointStore> {
  const store = (await opfsStore()) ?? (await indexedDbStore());
  if (store !== undefined) return store;
  throw new StorageError(
    'the browser does not allow this page to store anything: neither its file system nor IndexedDB (private window, blocked cookies?)',
  );
}

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

/** How long a page that was reloaded may hold on to the lock that its former self had. */
const GRACE = 2000;

/**
 * Makes this page or worker the only one that writes under a key, until the function that it returns is called. Throws
 * StorageError where another page has the key. Where the browser has no locks (no secure context), nobody is kept out:
 * undefined comes back.
 * Source: https://w3c.github.io/web-locks/
 */
export async function lockKey(key: string): Promise<(() => void) | undefined> {
  const { locks } = navigator as { readonly locks?: LockManager };
  if (locks === undefined) return undefined;
  return new Promise((resolve, reject) => {
    locks
      .request(
        `ort-train checkpoint ${key}`,
        { signal: AbortSignal.timeout(GRACE) },
        () =>
          new Promise<void>((release) => {
            resolve(release);
          }),
      )
      .catch((cause: unknown) => {
        reject(
          new StorageError(
            `checkpoint '${key}': another page or worker trains under this name; close it, or take another checkpointKey`,
            { cause },
          ),
        );
      });
  });
}

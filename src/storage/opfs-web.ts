import { TwoSlots, type SlotFiles } from './slots.js';

/** A worker's handle of a file in the origin-private file system; TypeScript's DOM types leave it out. */
interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

type SyncFile = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> };

const FOLDER = 'ort-train-checkpoints';

/**
 * Checkpoints in the origin-private file system, in a dedicated worker, where writes are in place and synchronous; undefined
 * where the browser lacks or refuses it.
 * Source: https://fs.spec.whatwg.org/
 */
export async function opfsStore(): Promise<TwoSlots | undefined> {
  const { storage } = navigator as { readonly storage?: Partial<StorageManager> };
  const canWrite =
    typeof FileSystemFileHandle === 'function' && 'createSyncAccessHandle' in FileSystemFileHandle.prototype;
  if (typeof storage?.getDirectory !== 'function' || !canWrite) return undefined;
  try {
    const root = await storage.getDirectory();
    return new TwoSlots('opfs', filesIn(await root.getDirectoryHandle(FOLDER, { create: true })));
  } catch {
    // Private windows of some browsers have the function but refuse it.
    return undefined;
  }
}

function filesIn(folder: FileSystemDirectoryHandle): SlotFiles {
  return {
    async read(name, first) {
      try {
        const handle = await folder.getFileHandle(name);
        const file = await handle.getFile();
        return new Uint8Array(await (first === undefined ? file : file.slice(0, first)).arrayBuffer());
      } catch (error) {
        if (isNamed(error, 'NotFoundError')) return undefined;
        // It changed while it was read: another page is writing to this slot, and the other slot is whole.
        if (isNamed(error, 'NotReadableError')) return new Uint8Array([0]);
        throw error;
      }
    },
    async write(name, header, content) {
      const handle = (await folder.getFileHandle(name, { create: true })) as SyncFile;
      const access = await handle.createSyncAccessHandle();
      try {
        access.truncate(0);
        writeAll(access, content, header.length);
        access.flush();
        writeAll(access, header, 0);
        access.flush();
      } finally {
        access.close();
      }
    },
    async remove(name) {
      try {
        await folder.removeEntry(name);
      } catch (error) {
        if (!isNamed(error, 'NotFoundError')) throw error;
      }
    },
  };
}

function writeAll(access: SyncAccessHandle, bytes: Uint8Array, at: number): void {
  const written = access.write(bytes, { at });
  // A full storage need not throw: the specification allows fewer bytes, and Chromium gives -8 as an unsigned number.
  if (written !== bytes.length) throw new DOMException('fewer bytes were written', 'QuotaExceededError');
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}

import { IoError, messageOf } from '../errors.js';
import type { PlacedFile } from './files.js';

/**
 * The files of a drop, those in dropped folders included, with their paths. To be called in the event's handler,
 * before awaiting anything: the browser clears the list afterwards.
 *
 * @throws IoError for a folder that cannot be read.
 * @example
 * zone.ondrop = async (event) => {
 *   event.preventDefault();
 *   const files = await filesFromDrop(event.dataTransfer);
 *   await worker.train({ data: files });
 * };
 */
export async function filesFromDrop(drop: DataTransfer): Promise<readonly PlacedFile[]> {
  const entries = Array.from(drop.items).flatMap((item) => item.webkitGetAsEntry() ?? []);
  const files = await Promise.all(entries.map(filesOf));
  return files.flat();
}

async function filesOf(entry: FileSystemEntry): Promise<readonly PlacedFile[]> {
  const path = entry.fullPath.replace(/^\//, '');
  try {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => {
        (entry as FileSystemFileEntry).file(resolve, reject);
      });
      return [{ path, file }];
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    const found: FileSystemEntry[] = [];
    for (;;) {
      // A reader gives a few at a time, and none at the end.
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
        reader.readEntries(resolve, reject);
      });
      if (some.length === 0) break;
      found.push(...some);
    }
    return (await Promise.all(found.map(filesOf))).flat();
  } catch (cause) {
    if (cause instanceof IoError) throw cause;
    throw new IoError(`${path}: cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

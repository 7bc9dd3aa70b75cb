import { writeFileSync } from 'node:fs';
import { access, constants, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { IoError } from './errors.js';

/**
 * Writes a file under a temporary name, then renames it: readers of the path see the old bytes or the new ones.
 * Missing folders are created. Throws IoError that names the path; the old file is then still there, whole.
 *
 * @example
 * await writeFileSafely('runs/a/model.onnx', bytes);
 */
export async function writeFileSafely(path: string, content: Uint8Array | string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    // The package writes with a single call and takes a part for the whole where the disk is full; `writeFileSync` goes
    // on until all is written, or throws.
    await writeFileAtomic(path, '', {
      tmpfileCreated: (temporary) => {
        writeFileSync(temporary, content);
      },
    });
  } catch (error) {
    throw new IoError(`cannot write ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** The bytes of a file. Throws IoError that names the path. */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new IoError(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Makes a folder and checks that files can be written to it. Throws IoError that names it. */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
  } catch (error) {
    throw new IoError(`cannot write to the folder ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'it does not exist',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space left on the device',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is a file',
    EEXIST: 'a file of that name is in the way',
  };
  return known[code] ?? error.message;
}

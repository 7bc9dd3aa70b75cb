import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from './io-node.js';

/*
 * Temporary files of downloads. Each download writes to its own name, `<file>.<uuid>.part`, so that processes
 * cannot disturb one another. A download that stops leaves its bytes as `<file>.part`; the process that renames it to
 * its own name (only one can) goes on from there.
 */

/** Marks a temporary file as in use. Returns its size in bytes, 0 if it is not there yet. */
export async function touchPartial(path: string): Promise<number> {
  try {
    await utimes(path, new Date(), new Date());
    return (await stat(path)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}

/**
 * A temporary file for `file`: the longest one that is no longer in use, or a fresh name.
 *
 * @param staleMs - A download in progress touches its file more often than this; one left alone for longer has lost
 *   its process.
 */
export async function claimPartial(folder: string, file: string, staleMs: number): Promise<string> {
  const own = join(folder, `${file}.${randomUUID()}.part`);
  for (const path of await unused(folder, file, staleMs)) {
    try {
      await touchPartial(path);
      await rename(path, own);
      return own;
    } catch (error) {
      // Another process was faster.
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
  return own;
}

/** Leaves the bytes of a stopped download to the next one. */
export async function releasePartial(own: string, folder: string, file: string): Promise<void> {
  if ((await touchPartial(own)) === 0) await rm(own, { force: true });
  else await rename(own, join(folder, `${file}.part`));
}

async function unused(folder: string, file: string, staleMs: number): Promise<readonly string[]> {
  const found: { path: string; size: number }[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${file}.`) || !name.endsWith('.part')) continue;
    const path = join(folder, name);
    const info = await stat(path).catch(() => undefined);
    if (info === undefined) continue;
    if (name === `${file}.part` || Date.now() - info.mtimeMs > staleMs) found.push({ path, size: info.size });
  }
  return found.sort((a, b) => b.size - a.size).map(({ path }) => path);
}

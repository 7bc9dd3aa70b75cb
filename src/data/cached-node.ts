import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheDir } from './cache-node.js';
import { cifarSets, isCifarName } from './cifar-sets.js';
import { downloadNames } from './download-node.js';
import { idxFileNames, idxRoles } from './idx-files.js';

/** A published data set, and whether it has been downloaded. */
export interface CachedDataSet {
  /** As `openData` takes it. */
  readonly name: string;
  /** Where its files are, or would be. */
  readonly folder: string;
  /** Whether all of its files are there; their bytes are checked when they are used. */
  readonly present: boolean;
}

/**
 * The published data sets, and which of them are in the cache already. Nothing is downloaded, nothing is read.
 *
 * @param cacheDir - Where data sets are kept; `defaultCacheDir()` unless given.
 * @example
 * const missing = (await cachedDataSets()).filter(({ present }) => !present);
 */
export async function cachedDataSets(cacheDir = defaultCacheDir()): Promise<readonly CachedDataSet[]> {
  return Promise.all(
    downloadNames.map(async (name) => {
      const folder = join(cacheDir, name);
      return { name, folder, present: await isPresent(name, folder) };
    }),
  );
}

/** IDX: all four files. CIFAR: the archive, or its files, loose or in the folder that it unpacks to. */
async function isPresent(name: string, folder: string): Promise<boolean> {
  const list = async (path: string): Promise<readonly string[]> => readdir(path).catch(() => []);
  const names = await list(folder);
  if (!isCifarName(name)) {
    return idxRoles.every((role) => idxFileNames(role).some((file) => names.includes(file)));
  }
  const { archive, files, folder: unpacked } = cifarSets[name];
  if (names.includes(archive)) return true;
  const inside = await list(join(folder, unpacked));
  return [names, inside].some((there) =>
    [...files.train, ...files.test].every((file) => there.includes(file)),
  );
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import type { DataSplit } from './dataset.js';
import { fileProblem } from './digest-node.js';
import { idxFileNames, idxRoles } from './idx-files.js';
import { findIdxFiles, loadIdxFolder } from './idx-folder-node.js';
import { orIoError } from './io-node.js';
import { knownSet } from './known-sets.js';
import type { KnownName, KnownSet } from './known-sets.js';
import { fetchFromMirrors } from './mirrors-node.js';
import type { MirrorOptions } from './mirrors-node.js';

/** How to download a data set. */
export interface DownloadOptions extends MirrorOptions {
  /** Where data sets are kept, each in a folder of its own; `defaultCacheDir()` unless given. */
  readonly cacheDir?: string;
  /** Base addresses to try in order, instead of the known ones. */
  readonly mirrors?: readonly string[];
}

/**
 * Where downloaded data sets are kept unless told otherwise: `data` in the system's cache folder for `ort-train`.
 *
 * @see https://github.com/sindresorhus/env-paths
 * @example
 * defaultCacheDir(); // on Linux ~/.cache/ort-train/data
 */
export function defaultCacheDir(): string {
  return join(envPaths('ort-train', { suffix: '' }).cache, 'data');
}

/**
 * Makes sure that a published data set is in the cache. Files that are there and genuine are not asked for again; a
 * partial file is continued; every file is checked against its digest before it gets its name.
 *
 * @returns The folder that holds the four files, `<cacheDir>/<name>`.
 * @throws OfflineError if no mirror has a genuine file: lists each address with its cause, and says where to put the
 *   files by hand. AbortedError, IoError, OptionError (unknown name).
 * @example
 * const folder = await downloadKnownSet('mnist', { onProgress: ({ file, received }) => log(file, received) });
 */
export async function downloadKnownSet(name: KnownName, options: DownloadOptions = {}): Promise<string> {
  return downloadSet(knownSet(name), options);
}

/**
 * Downloads a published data set unless it is in the cache, and reads it.
 *
 * @throws As `downloadKnownSet` and `loadIdxFolder`.
 * @example
 * const { train, test } = await loadKnownSet('fashion-mnist', { onProgress: ({ file, received }) => log(file, received) });
 */
export async function loadKnownSet(name: KnownName, options: DownloadOptions = {}): Promise<DataSplit> {
  return loadIdxFolder(await downloadKnownSet(name, options), { known: name });
}

/** As `downloadKnownSet`, for any description of a data set. */
export async function downloadSet(set: KnownSet, options: DownloadOptions = {}): Promise<string> {
  const folder = join(options.cacheDir ?? defaultCacheDir(), set.name);
  await orIoError(`${folder}: cannot make the folder`, mkdir(folder, { recursive: true }));
  const cached = await findIdxFiles(folder);
  let mirrors = options.mirrors ?? set.mirrors;
  for (const role of idxRoles) {
    const path = cached.get(role);
    if (path !== undefined && (await fileProblem(path, set.digests[role])) === undefined) continue;
    const served = await fetchFromMirrors({
      folder,
      file: idxFileNames(role)[0],
      digests: set.digests[role],
      mirrors,
      options,
    });
    // The mirror that had this file is asked first for the next one.
    mirrors = [served, ...mirrors.filter((mirror) => mirror !== served)];
  }
  return folder;
}

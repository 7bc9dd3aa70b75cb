import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OptionError } from '../errors.js';
import { defaultCacheDir, type DownloadOptions } from './cache-node.js';
import { downloadCifar } from './cifar-download-node.js';
import { loadCifarFolder } from './cifar-folder-node.js';
import { cifarSets, isCifarName, type CifarName } from './cifar-sets.js';
import type { MemorySplit } from './dataset.js';
import { fileProblem } from './digest-node.js';
import { idxFileNames, idxRoles } from './idx-files.js';
import { findIdxFiles, loadIdxFolder } from './idx-folder-node.js';
import { orIoError } from './io-node.js';
import { isKnownName, knownSets, type KnownName, type KnownSet } from './known-sets.js';
import { fetchFromMirrors } from './mirrors-node.js';

export { defaultCacheDir, type DownloadOptions } from './cache-node.js';

/** A published data set that is known by name. */
export type DownloadName = KnownName | CifarName;

/** All names that `downloadKnownSet` knows. */
export const downloadNames: readonly string[] = [...Object.keys(knownSets), ...Object.keys(cifarSets)];

/**
 * Makes sure that a published data set is in the cache. Genuine files that are there are not downloaded again; a
 * partial file is completed; every file is checked against its digest before it gets its name.
 *
 * @returns The folder that holds the files (of CIFAR the archive), `<cacheDir>/<name>`.
 * @throws OfflineError if no mirror has a genuine file: lists each address with its cause, and says where to put the
 *   files by hand. AbortedError, IoError, OptionError (unknown name).
 * @example
 * const folder = await downloadKnownSet('mnist', { onProgress: ({ file, received }) => log(file, received) });
 */
export async function downloadKnownSet(name: DownloadName, options: DownloadOptions = {}): Promise<string> {
  if (isCifarName(name)) return downloadCifar(cifarSets[name], options);
  if (isKnownName(name)) return downloadSet(knownSets[name], options);
  throw new OptionError(`data set: expected one of ${downloadNames.join(', ')}, got ${String(name)}`);
}

/**
 * Downloads a published data set unless it is in the cache, and reads it.
 *
 * @throws As `downloadKnownSet`, `loadIdxFolder` and `loadCifarFolder`.
 * @example
 * const { train, test } = await loadKnownSet('fashion-mnist', { onProgress: ({ file, received }) => log(file, received) });
 */
export async function loadKnownSet(name: DownloadName, options: DownloadOptions = {}): Promise<MemorySplit> {
  const folder = await downloadKnownSet(name, options);
  return isCifarName(name)
    ? loadCifarFolder(folder, { known: name })
    : loadIdxFolder(folder, { known: name });
}

/** As `downloadKnownSet`, for any description of a data set. */
export async function downloadSet(set: KnownSet, options: DownloadOptions = {}): Promise<string> {
  const folder = join(options.cacheDir ?? defaultCacheDir(), set.name);
  await orIoError(`${folder}: cannot make the folder`, mkdir(folder, { recursive: true }));
  const cached = await findIdxFiles(folder);
  let mirrors = options.mirrors ?? set.mirrors;
  for (const role of idxRoles) {
    const path = cached.get(role);
    const problem = path === undefined ? undefined : await fileProblem(path, set.digests[role]);
    if (path !== undefined && problem === undefined) continue;
    const served = await fetchFromMirrors({
      folder,
      file: idxFileNames(role)[0],
      digests: set.digests[role],
      mirrors,
      options,
      ...(path !== undefined && problem !== undefined && { there: { path, problem } }),
      byHand: [
        `Get these four files in another way and put them into ${folder} :`,
        ...idxRoles.map((each) => `  ${idxFileNames(each)[0]}`),
      ],
    });
    // The mirror that had this file is asked first for the next one.
    mirrors = [served, ...mirrors.filter((mirror) => mirror !== served)];
  }
  return folder;
}

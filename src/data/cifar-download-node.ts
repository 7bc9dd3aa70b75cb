import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheDir, type DownloadOptions } from './cache-node.js';
import type { CifarSet } from './cifar-sets.js';
import { fileProblem } from './digest-node.js';
import { nodeFolder } from './folder-node.js';
import { pythonEditionIn } from './cifar-python.js';
import { orIoError } from './io-node.js';
import { fetchFromMirrors } from './mirrors-node.js';

/**
 * Makes sure that a CIFAR set is in the cache, as its publisher's archive, checked against its digest; it is unpacked
 * in memory when it is read. `.bin` files that were put there by hand are taken instead.
 *
 * @returns The folder, `<cacheDir>/<name>`.
 * @throws As `downloadKnownSet`.
 */
export async function downloadCifar(set: CifarSet, options: DownloadOptions = {}): Promise<string> {
  const folder = join(options.cacheDir ?? defaultCacheDir(), set.name);
  await orIoError(`${folder}: cannot make the folder`, mkdir(folder, { recursive: true }));
  const list = async (path: string): Promise<readonly string[]> =>
    orIoError(`${path}: cannot list the folder`, readdir(path));
  const names = await list(folder);
  const files = [...set.files.train, ...set.files.test];
  const inside = names.includes(set.folder) ? await list(join(folder, set.folder)) : [];
  if ([names, inside].some((there) => files.every((file) => there.includes(file)))) return folder;

  const { archive: file, digests } = set;
  const path = join(folder, file);
  const problem = names.includes(file) ? await fileProblem(path, digests) : undefined;
  if (names.includes(file) && problem === undefined) return folder;
  const python = pythonEditionIn(await nodeFolder(folder, 'a CIFAR set'));
  await fetchFromMirrors({
    folder,
    file,
    digests,
    mirrors: options.mirrors ?? set.mirrors,
    options,
    ...(problem !== undefined && { there: { path, problem } }),
    byHand: [
      ...(python === undefined ? [] : [python.message]),
      `Get this file in another way and put it into ${folder} :`,
      `  ${file}`,
    ],
  });
  return folder;
}

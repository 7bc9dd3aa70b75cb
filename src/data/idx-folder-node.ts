import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { assert, DataError, IoError } from '../errors.js';
import { checkSplit } from './checks.js';
import type { Dataset, DataSplit } from './dataset.js';
import { digestProblem } from './digest-node.js';
import { gunzipIfNeeded } from './gunzip.js';
import { datasetFromIdx } from './idx.js';
import { idxFileNames, idxRoles } from './idx-files.js';
import type { IdxRole } from './idx-files.js';
import { describeCause, hasCode, orIoError, shownNames } from './io-node.js';
import { knownSet, knownSets } from './known-sets.js';
import type { Digest, KnownName, KnownSet } from './known-sets.js';

/** How to read a folder of IDX files. */
export interface IdxFolderOptions {
  /** Label of each class index; those of the known set if it is one, else the ten digits, unless given. */
  readonly classes?: readonly string[];
  /** What to call the data set in reports; unless given, the known set's name if all digests match, else the folder's. */
  readonly name?: string;
  /** The folder must hold exactly this published data set: its digests are checked. */
  readonly known?: KnownName;
}

/** A file, as it lies on the disk and unpacked. */
interface IdxFile {
  readonly path: string;
  readonly stored: Uint8Array;
  readonly content: Uint8Array;
}

/**
 * Reads a data set in MNIST's layout: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`
 * and `t10k-labels-idx1-ubyte`, each plain or `.gz`, or with a dot before `idx`.
 *
 * @returns Both halves with one channel, pixels 0..255.
 * @throws DataError if the folder or a file is missing, a file is damaged or does not fit the others, or is not that
 *   of the known set; IoError if it cannot be read; OptionError for an unknown name in `known`.
 * @see http://yann.lecun.com/exdb/mnist/ (the IDX file format)
 * @example
 * const { train, test } = await loadIdxFolder('data/mnist', { known: 'mnist' });
 */
export async function loadIdxFolder(folder: string, options: IdxFolderOptions = {}): Promise<DataSplit> {
  const known = options.known === undefined ? undefined : knownSet(options.known);
  const found = await findIdxFiles(folder);
  const files = new Map<IdxRole, IdxFile>();
  for (const role of idxRoles) {
    const path = found.get(role);
    if (path === undefined) throw await missingFiles(folder, found);
    files.set(role, await readIdxFile(path, known?.digests[role]));
  }
  const set = known ?? (await recognise(files));
  const name = options.name ?? set?.name ?? basename(resolve(folder));
  const classes = options.classes ?? set?.classes ?? knownSets.mnist.classes;

  const half = (which: string, images: IdxRole, labels: IdxRole): Dataset => {
    const [imagesFile, labelsFile] = [files.get(images), files.get(labels)];
    assert(imagesFile && labelsFile, 'all four files have been read');
    return datasetFromIdx({
      name: `${name}/${which}`,
      images: imagesFile.content,
      labels: labelsFile.content,
      classes,
      imagesWhere: imagesFile.path,
      labelsWhere: labelsFile.path,
    });
  };
  const split = {
    train: half('train', 'train-images', 'train-labels'),
    test: half('test', 't10k-images', 't10k-labels'),
  };
  checkSplit(split);
  return split;
}

/**
 * The path of the best file for each role that the folder has.
 *
 * @throws DataError if there is no such folder, IoError if it cannot be listed.
 */
export async function findIdxFiles(folder: string): Promise<ReadonlyMap<IdxRole, string>> {
  let names: ReadonlySet<string>;
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    names = new Set(entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name));
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT', 'ENOTDIR')) {
      throw new IoError(`${folder}: cannot list the folder: ${describeCause(cause)}`, { cause });
    }
    const came = hasCode(cause, 'ENOENT') ? 'there is no such folder' : 'it is not a folder';
    throw new DataError(`${folder}: expected a folder with ${idxLookedFor(idxRoles)}, but ${came}`, {
      cause,
    });
  }
  const found = new Map<IdxRole, string>();
  for (const role of idxRoles) {
    const name = idxFileNames(role).find((candidate) => names.has(candidate));
    if (name !== undefined) found.set(role, join(folder, name));
  }
  return found;
}

async function missingFiles(folder: string, found: ReadonlyMap<IdxRole, string>): Promise<DataError> {
  const missing = idxRoles.filter((role) => !found.has(role));
  return new DataError(
    `${folder}: expected ${idxLookedFor(missing)}, but ${missing.length} of 4 files are missing; ` +
      shownNames(await readdir(folder)),
  );
}

/** The files of these roles, for errors. */
export function idxLookedFor(roles: readonly IdxRole[]): string {
  const names = roles.map((role) => idxFileNames(role)[2]).join(', ');
  return `${names} (plain or .gz, also with a dot before idx)`;
}

async function readIdxFile(path: string, digests?: readonly Digest[]): Promise<IdxFile> {
  const stored = await orIoError(`${path}: cannot read the file`, readFile(path));
  const content = await gunzipIfNeeded(stored, path);
  const problem = digests && (await digestProblem(stored, () => Promise.resolve(content), digests));
  if (problem !== undefined) throw new DataError(`${path}: not the published file: ${problem}`);
  return { path, stored, content };
}

/** The known set that all four files belong to, told by their digests. */
async function recognise(files: ReadonlyMap<IdxRole, IdxFile>): Promise<KnownSet | undefined> {
  for (const set of Object.values(knownSets)) {
    // The length of the smallest file first: it spares most folders the hashing.
    if (files.get('t10k-labels')?.content.length !== 8 + set.counts.test) continue;
    const problems = idxRoles.map(async (role) => {
      const file = files.get(role);
      return file && digestProblem(file.stored, () => Promise.resolve(file.content), set.digests[role]);
    });
    if ((await Promise.all(problems)).every((problem) => problem === undefined)) return set;
  }
  return undefined;
}

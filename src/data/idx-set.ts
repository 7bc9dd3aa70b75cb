import { assert, DataError } from '../errors.js';
import { checkSplit } from './checks.js';
import type { MemoryDataset, MemorySplit } from './dataset.js';
import { digestProblem, type Hash } from './digest.js';
import { shownNames, type DataFolder } from './folder.js';
import { gunzipIfNeeded } from './gunzip.js';
import { datasetFromIdx } from './idx.js';
import { idxFileNames, idxRoles, type IdxRole } from './idx-files.js';
import { knownSet, knownSets, type Digest, type KnownName, type KnownSet } from './known-sets.js';

/** How to read a folder of IDX files. */
export interface IdxFolderOptions {
  /** Label of each class index; those of the known set if it is one, else the ten digits, unless given. */
  readonly classes?: readonly string[];
  /** Label of each class index in place of the ten digits, for files that are no known set. */
  readonly fallbackClasses?: readonly string[];
  /** What to call the data set in reports; unless given, the known set's name if all digests match, else the folder's. */
  readonly name?: string;
  /** The folder must hold exactly this published data set: its digests are checked. */
  readonly known?: KnownName;
}

/** A file, as it is stored and unpacked. */
interface IdxFile {
  readonly path: string;
  readonly stored: Uint8Array;
  readonly content: Uint8Array;
}

/** As `loadIdxFolder`, from any folder. */
export async function readIdxSet(
  folder: DataFolder,
  options: IdxFolderOptions,
  hash: Hash,
): Promise<MemorySplit> {
  const known = options.known === undefined ? undefined : knownSet(options.known);
  const found = idxFilesIn(folder);
  const files = new Map<IdxRole, IdxFile>();
  for (const role of idxRoles) {
    const name = found.get(role);
    if (name === undefined) throw missingFiles(folder, found);
    files.set(role, await readIdxFile(folder, name, hash, known?.digests[role]));
  }
  const set = known ?? (await recognise(files, hash));
  const name = options.name ?? set?.name ?? folder.name;
  const classes = options.classes ?? set?.classes ?? options.fallbackClasses ?? knownSets.mnist.classes;

  const half = (which: string, images: IdxRole, labels: IdxRole): MemoryDataset => {
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

/** The name of the best file for each role that the folder has. */
export function idxFilesIn({ entries }: DataFolder): ReadonlyMap<IdxRole, string> {
  const found = new Map<IdxRole, string>();
  for (const role of idxRoles) {
    const name = idxFileNames(role).find((candidate) => entries.get(candidate) === 'file');
    if (name !== undefined) found.set(role, name);
  }
  return found;
}

function missingFiles({ where, entries }: DataFolder, found: ReadonlyMap<IdxRole, string>): DataError {
  const missing = idxRoles.filter((role) => !found.has(role));
  return new DataError(
    `${where}: expected ${idxLookedFor(missing)}, but ${missing.length} of 4 files are missing; ` +
      shownNames(entries.keys()),
  );
}

/** The files of these roles, for errors. */
export function idxLookedFor(roles: readonly IdxRole[]): string {
  const names = roles.map((role) => idxFileNames(role)[2]).join(', ');
  return `${names} (plain or .gz, also with a dot before idx)`;
}

async function readIdxFile(
  folder: DataFolder,
  name: string,
  hash: Hash,
  digests?: readonly Digest[],
): Promise<IdxFile> {
  const path = folder.pathOf(name);
  const stored = await folder.read(name);
  const content = await gunzipIfNeeded(stored, path);
  const problem = digests && (await digestProblem(stored, () => Promise.resolve(content), digests, hash));
  if (problem !== undefined) throw new DataError(`${path}: not the published file: ${problem}`);
  return { path, stored, content };
}

/** The known set that all four files belong to, recognised by their digests. */
async function recognise(files: ReadonlyMap<IdxRole, IdxFile>, hash: Hash): Promise<KnownSet | undefined> {
  for (const set of Object.values(knownSets)) {
    // The length of the smallest file first: most folders need no hashing then.
    if (files.get('t10k-labels')?.content.length !== 8 + set.counts.test) continue;
    const problems = idxRoles.map(async (role) => {
      const file = files.get(role);
      return file && digestProblem(file.stored, () => Promise.resolve(file.content), set.digests[role], hash);
    });
    if ((await Promise.all(problems)).every((problem) => problem === undefined)) return set;
  }
  return undefined;
}

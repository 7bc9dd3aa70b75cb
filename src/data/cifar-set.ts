import { DataError } from '../errors.js';
import { checkSplit } from './checks.js';
import { datasetFromCifar, type CifarSource } from './cifar.js';
import { pythonEditionIn } from './cifar-python.js';
import { cifarSet, cifarSets, type CifarName, type CifarSet } from './cifar-sets.js';
import type { MemoryDataset, MemorySplit } from './dataset.js';
import { digestProblem, type Hash } from './digest.js';
import { shownNames, type DataFolder } from './folder.js';
import { gunzip } from './gunzip.js';
import { readTar } from './tar.js';

/** How to read a folder of CIFAR files. */
export interface CifarFolderOptions {
  /** Which layout; recognised by the file names unless given. */
  readonly kind?: CifarName;
  /** Label of each class index; the published ones unless given. */
  readonly classes?: readonly string[];
  /** What to call the data set in reports; the known set's or the folder's name unless given. */
  readonly name?: string;
  /** The folder must hold this published data set: the archive's digest, or the files' counts are checked. */
  readonly known?: CifarName;
}

/** Files of a set: a name of each, and its bytes. */
type Files = readonly { readonly where: string; readonly bytes: Uint8Array }[];

/** As `loadCifarFolder`, from any folder. */
export async function readCifarFolder(
  folder: DataFolder,
  options: CifarFolderOptions,
  hash: Hash,
): Promise<MemorySplit> {
  const kind = options.known ?? options.kind ?? cifarKindIn(folder);
  if (kind === undefined) {
    throw (
      pythonEditionIn(folder) ??
      new DataError(`${folder.where}: expected ${cifarLookedFor()}; ${shownNames(folder.entries.keys())}`)
    );
  }
  return readCifarSet(folder, cifarSet(kind), options, hash);
}

/** As `readCifarFolder`, for any description of a set. */
export async function readCifarSet(
  folder: DataFolder,
  set: CifarSet,
  { classes, name, known }: CifarFolderOptions,
  hash: Hash,
): Promise<MemorySplit> {
  const read = await readerOf(folder, set, known === undefined ? undefined : hash);
  const called = name ?? (known === undefined ? folder.name : set.name);
  const half = async (which: 'train' | 'test'): Promise<MemoryDataset> => {
    const files = await read(set.files[which]);
    const source: CifarSource = { kind: set.name, name: `${called}/${which}`, files };
    const dataset = datasetFromCifar(classes ? { ...source, classes } : source);
    const expected = set.files[which].length * set.counts[which];
    if (known !== undefined && dataset.count !== expected) {
      throw new DataError(
        `${files[0]?.where ?? folder.where}: not the published files: expected ${expected} images in ` +
          `${set.files[which].join(', ')}, got ${dataset.count}`,
      );
    }
    return dataset;
  };
  const split = { train: await half('train'), test: await half('test') };
  checkSplit(split);
  return split;
}

/** Which CIFAR set a folder holds, by its file names; undefined if none. DataError if it holds both. */
export function cifarKindIn({ where, entries }: DataFolder): CifarName | undefined {
  const kinds = Object.values(cifarSets).filter((set) =>
    [...set.files.train, ...set.files.test, set.folder, set.archive].some((name) => entries.has(name)),
  );
  if (kinds.length > 1) {
    throw new DataError(
      `${where}: expected one data set, got both ${kinds.map(({ name }) => name).join(' and ')}; say which by kind`,
    );
  }
  return kinds[0]?.name;
}

/** Reads the files by name, wherever they are in the folder. With a hash, an archive must be the published one. */
async function readerOf(
  folder: DataFolder,
  set: CifarSet,
  hash: Hash | undefined,
): Promise<(names: readonly string[]) => Promise<Files>> {
  const wanted = [...set.files.train, ...set.files.test];
  const inside = folder.entries.has(set.folder) ? await folder.open(set.folder) : undefined;
  for (const place of inside === undefined ? [folder] : [folder, inside]) {
    if (!wanted.every((name) => place.entries.has(name))) continue;
    return (asked) =>
      Promise.all(asked.map(async (name) => ({ where: place.pathOf(name), bytes: await place.read(name) })));
  }
  const missing = (there: Pick<ReadonlySet<string>, 'has'>): string => {
    const absent = wanted.filter((name) => !there.has(name));
    return `${absent.length} of ${wanted.length} files are missing (${absent.join(', ')})`;
  };
  if (!folder.entries.has(set.archive)) {
    const python = pythonEditionIn(folder);
    if (python !== undefined) throw python;
    const { where, entries } = inside ?? folder;
    throw new DataError(
      `${where}: expected ${lookedFor(set)}, but ${missing(entries)}; ${shownNames(entries.keys())}`,
    );
  }
  const archive = folder.pathOf(set.archive);
  const stored = await folder.read(set.archive);
  const content = await gunzip(stored, archive);
  const problem = hash && (await digestProblem(stored, () => Promise.resolve(content), set.digests, hash));
  if (problem !== undefined) throw new DataError(`${archive}: not the published file: ${problem}`);
  const entries = readTar(content, archive);
  const found = new Set([...entries.keys()].map((entry) => entry.replace(`${set.folder}/`, '')));
  return (asked) =>
    Promise.resolve(
      asked.map((name) => {
        const bytes = entries.get(`${set.folder}/${name}`);
        if (bytes) return { where: `${archive}: ${set.folder}/${name}`, bytes };
        throw new DataError(
          `${archive}: expected ${lookedFor(set)} in ${set.folder}, but ${missing(found)}; ${shownNames(found)}`,
        );
      }),
    );
}

/** The files of the sets, for errors. */
export function cifarLookedFor(): string {
  return Object.values(cifarSets).map(lookedFor).join(', or ');
}

function lookedFor(set: CifarSet): string {
  return `${[...set.files.train, ...set.files.test].join(', ')} (or ${set.archive})`;
}

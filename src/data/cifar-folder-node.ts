import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { DataError, IoError, OptionError } from '../errors.js';
import { checkSplit } from './checks.js';
import { datasetFromCifar, type CifarSource } from './cifar.js';
import { cifarSets, isCifarName, type CifarName, type CifarSet } from './cifar-sets.js';
import type { Dataset, DataSplit } from './dataset.js';
import { digestProblem } from './digest-node.js';
import { gunzip } from './gunzip.js';
import { describeCause, hasCode, orIoError, shownNames } from './io-node.js';
import { readTar } from './tar.js';

/** How to read a folder of CIFAR files. */
export interface CifarFolderOptions {
  /** Which layout; told by the file names unless given. */
  readonly kind?: CifarName;
  /** Label of each class index; the published ones unless given. */
  readonly classes?: readonly string[];
  /** What to call the data set in reports; the known set's or the folder's name unless given. */
  readonly name?: string;
  /** The folder must hold this published data set: the archive's digest, or the files' counts are checked. */
  readonly known?: CifarName;
}

/** Where the files of a set are found: a name of each, and its bytes. */
type Files = readonly { readonly where: string; readonly bytes: Uint8Array }[];

/**
 * Reads a CIFAR set in its binary layout from a folder that holds the `.bin` files, the archive's own folder
 * (`cifar-10-batches-bin`, `cifar-100-binary`) with them, or the publisher's `.tar.gz`; in this order.
 *
 * @returns Both halves, [count, 3, 32, 32], pixels 0..255; of CIFAR-100 the fine labels.
 * @throws DataError if the folder or a file is missing, a file is damaged, or is not that of the known set; IoError if
 *   it cannot be read; OptionError for an unknown kind.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html (binary version)
 * @example
 * const { train, test } = await loadCifarFolder('data/cifar-10-batches-bin');
 */
export async function loadCifarFolder(folder: string, options: CifarFolderOptions = {}): Promise<DataSplit> {
  const kind = options.known ?? options.kind ?? (await cifarKindOf(folder));
  if (kind !== undefined && !isCifarName(kind)) {
    throw new OptionError(`kind: expected one of ${Object.keys(cifarSets).join(', ')}, got ${String(kind)}`);
  }
  if (kind === undefined) {
    throw new DataError(`${folder}: expected ${cifarLookedFor()}; ${shownNames(await list(folder))}`);
  }
  return loadCifarSet(folder, cifarSets[kind], options);
}

/** As `loadCifarFolder`, for any description of a set. */
export async function loadCifarSet(
  folder: string,
  set: CifarSet,
  { classes, name, known }: CifarFolderOptions,
): Promise<DataSplit> {
  const read = await readerOf(folder, set, known !== undefined);
  const called = name ?? (known === undefined ? basename(resolve(folder)) : set.name);
  const half = async (which: 'train' | 'test'): Promise<Dataset> => {
    const files = await read(set.files[which]);
    const source: CifarSource = { kind: set.name, name: `${called}/${which}`, files };
    const dataset = datasetFromCifar(classes ? { ...source, classes } : source);
    const expected = set.files[which].length * set.counts[which];
    if (known !== undefined && dataset.count !== expected) {
      throw new DataError(
        `${files[0]?.where ?? folder}: not the published files: expected ${expected} images in ` +
          `${set.files[which].join(', ')}, got ${dataset.count}`,
      );
    }
    return dataset;
  };
  const split = { train: await half('train'), test: await half('test') };
  checkSplit(split);
  return split;
}

/**
 * Which CIFAR set a folder holds, told by its file names; undefined if none.
 *
 * @throws DataError if it holds both, or there is no such folder; IoError if it cannot be listed.
 */
export async function cifarKindOf(folder: string): Promise<CifarName | undefined> {
  const names = await list(folder);
  const kinds = Object.values(cifarSets).filter((set) =>
    [...set.files.train, ...set.files.test, set.folder, set.archive].some((name) => names.has(name)),
  );
  if (kinds.length > 1) {
    throw new DataError(
      `${folder}: expected one data set, got both ${kinds.map(({ name }) => name).join(' and ')}; say which by kind`,
    );
  }
  return kinds[0]?.name;
}

/** Gives the files by name, from wherever in the folder they are. */
async function readerOf(
  folder: string,
  set: CifarSet,
  genuine: boolean,
): Promise<(names: readonly string[]) => Promise<Files>> {
  const wanted = [...set.files.train, ...set.files.test];
  const names = await list(folder);
  const inside = names.has(set.folder) ? await list(join(folder, set.folder)) : undefined;
  for (const [path, there] of [[folder, names] as const, [join(folder, set.folder), inside] as const]) {
    if (there === undefined || !wanted.every((name) => there.has(name))) continue;
    return (asked) =>
      Promise.all(
        asked.map(async (name) => {
          const where = join(path, name);
          return { where, bytes: await orIoError(`${where}: cannot read the file`, readFile(where)) };
        }),
      );
  }
  const archive = join(folder, set.archive);
  const missing = (there: ReadonlySet<string>): string => {
    const absent = wanted.filter((name) => !there.has(name));
    return `${absent.length} of ${wanted.length} files are missing (${absent.join(', ')})`;
  };
  if (!names.has(set.archive)) {
    const [path, there] = inside === undefined ? [folder, names] : [join(folder, set.folder), inside];
    throw new DataError(`${path}: expected ${lookedFor(set)}, but ${missing(there)}; ${shownNames(there)}`);
  }
  const stored = await orIoError(`${archive}: cannot read the file`, readFile(archive));
  const content = await gunzip(stored, archive);
  const problem = genuine && (await digestProblem(stored, () => Promise.resolve(content), set.digests));
  if (problem) throw new DataError(`${archive}: not the published file: ${problem}`);
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

async function list(folder: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(folder));
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT', 'ENOTDIR')) {
      throw new IoError(`${folder}: cannot list the folder: ${describeCause(cause)}`, { cause });
    }
    const came = hasCode(cause, 'ENOENT') ? 'there is no such folder' : 'it is not a folder';
    throw new DataError(`${folder}: expected a folder with a CIFAR set, but ${came}`, { cause });
  }
}

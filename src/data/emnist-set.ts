import { DataError } from '../errors.js';
import { checkSplit } from './checks.js';
import type { MemoryDataset, MemorySplit } from './dataset.js';
import { datasetFromEmnist, emnistNames, type EmnistName } from './emnist.js';
import { shownNames, type DataFolder } from './folder.js';
import { gunzipIfNeeded } from './gunzip.js';

/** How to read a folder of EMNIST's files. */
export interface EmnistFolderOptions {
  /** Which of its sets, where the folder holds several. */
  readonly set?: EmnistName;
  /** Label of each class index; the published ones unless given. */
  readonly classes?: readonly string[];
  /** What to call the data set in reports; `emnist-<set>` unless given. */
  readonly name?: string;
}

const halves = ['train', 'test'] as const;
const kinds = ['images-idx3', 'labels-idx1'] as const;

/** Of EMNIST's files, for errors. */
export const emnistLookedFor = `emnist-<${emnistNames.join('|')}>-{train,test}-{${kinds.join(',')}}-ubyte (plain or .gz)`;

/** The names of a file, best first. */
function fileNames(
  set: EmnistName,
  half: (typeof halves)[number],
  kind: (typeof kinds)[number],
): readonly string[] {
  const name = `emnist-${set}-${half}-${kind}-ubyte`;
  return [`${name}.gz`, name];
}

/** The sets of which a folder has files, all or some. */
export function emnistSetsIn({ entries }: DataFolder): readonly EmnistName[] {
  return emnistNames.filter((set) =>
    halves.some((half) =>
      kinds.some((kind) => fileNames(set, half, kind).some((name) => entries.get(name) === 'file')),
    ),
  );
}

/**
 * The set that a folder is read as.
 *
 * @throws DataError if it holds several, or none.
 */
export function emnistSetIn(folder: DataFolder): EmnistName {
  const [set, ...others] = emnistSetsIn(folder);
  if (set !== undefined && others.length === 0) return set;
  if (set === undefined) {
    throw new DataError(`${folder.where}: expected ${emnistLookedFor}; ${shownNames(folder.entries.keys())}`);
  }
  throw new DataError(
    `${folder.where}: expected one data set, got the EMNIST sets ${[set, ...others].join(', ')}: choose one by adding its ` +
      `name to the path, such as ${folder.pathOf(`emnist-${others.at(-1) ?? set}`)}, or leave only its four files there`,
  );
}

/** As `loadEmnistFolder`, from any folder. */
export async function readEmnistSet(
  folder: DataFolder,
  { set = emnistSetIn(folder), classes, name }: EmnistFolderOptions,
): Promise<MemorySplit> {
  const read = async (
    half: (typeof halves)[number],
    kind: (typeof kinds)[number],
  ): Promise<{ readonly where: string; readonly bytes: Uint8Array }> => {
    const names = fileNames(set, half, kind);
    const found = names.find((each) => folder.entries.get(each) === 'file');
    if (found === undefined) {
      throw new DataError(
        `${folder.where}: expected ${names.join(' or ')}, one of the four files of emnist-${set}; ` +
          shownNames(folder.entries.keys()),
      );
    }
    const where = folder.pathOf(found);
    return { where, bytes: await gunzipIfNeeded(await folder.read(found), where) };
  };
  const half = async (which: (typeof halves)[number]): Promise<MemoryDataset> => {
    const [images, labels] = [await read(which, 'images-idx3'), await read(which, 'labels-idx1')];
    return datasetFromEmnist({
      ...{ set, name: `${name ?? `emnist-${set}`}/${which}`, images: images.bytes, labels: labels.bytes },
      ...{ imagesWhere: images.where, labelsWhere: labels.where },
      ...(classes && { classes }),
    });
  };
  const split = { train: await half('train'), test: await half('test') };
  checkSplit(split);
  return split;
}

import { DataError } from '../../errors.js';
import { shownNames } from '../folder.js';
import { arrange } from './arrange.js';
import { groupBy } from './group-by.js';
import { isUndecodable, pictureEndings } from './junk.js';
import { partOf, type LabelledPicture, type PartName } from './labelled.js';
import type { ListOptions, PictureAt, PictureListing, SkippedFile } from './listing.js';
import { byCode, shortList } from './names.js';

/** A picture in a folder. */
export interface FoundPicture {
  /** Folders and name, separated by `/`, from the folder that holds all. */
  readonly path: string;
  readonly at: PictureAt;
}

/** What a folder holds, however deep. */
export interface FoundFolder {
  readonly name: string;
  /** What errors call it. */
  readonly where: string;
  readonly pictures: readonly FoundPicture[];
  /** The paths of all folders below it that are no junk, as far as they are known. */
  readonly folders: readonly string[];
  readonly skipped: readonly SkippedFile[];
  /** Names of what lies in it directly, for errors. */
  readonly entries: Iterable<string>;
  /** What errors call a path in it. */
  readonly whereOf: (path: string) => string;
}

/** How pictures may lie in a folder, for errors. */
export const layoutsLookedFor =
  `pictures (${pictureEndings}) in a folder for each class (<class>/a.png), the same in folders train and test ` +
  '(train/<class>/a.png), or in one folder under names that begin with the class (seven_1.png)';

/**
 * The listing of a folder. A picture's class is the name of its folder: `cat/a.png`, deeper ones (`cat/b/a.png`) count to
 * the class, too; with parts `train/cat/a.png` and `val/cat/b.png`, `test/cat/c.png`. Where all lie in one folder, or
 * directly in the folders of the parts, it is the beginning of the name: `cat_1.png`.
 *
 * @throws DataError if there is no picture, or some lie outside of the folders of the classes; else as `arrange`.
 */
export function listFolder(found: FoundFolder, options: ListOptions): PictureListing {
  const { name, where, skipped } = found;
  if (found.pictures.length === 0) throw noPictures(found);
  const parts = partFolders(found);
  const placed = found.pictures.map((picture) => {
    const [first = '', ...rest] = picture.path.split('/');
    const part = rest.length > 0 ? parts.get(first) : undefined;
    const [folder, ...below] = part === undefined ? [first, ...rest] : rest;
    return { picture, part, folder: below.length > 0 ? folder : undefined };
  });
  const loose = placed.filter(({ folder }) => folder === undefined);
  const outside = placed.filter(({ part }) => part === undefined && parts.size > 0);
  if (outside.length > 0 || (loose.length > 0 && loose.length < placed.length)) {
    throw strayPictures(
      found,
      (outside.length > 0 ? outside : loose).map(({ picture }) => picture.path),
    );
  }
  const pictures = placed.map(({ picture: { path, at }, part, folder }): LabelledPicture => {
    const where = found.whereOf(path);
    const label = folder ?? labelInName(path, where);
    return { key: path, where, label, ...(part !== undefined && { part }), at };
  });
  const warnings = [
    ...emptyFolders(found, parts),
    ...unreadKinds(where, skipped),
    ...partsAsClasses(found, parts),
    ...namedAfterFiles(found, pictures, loose.length > 0),
  ];
  return arrange({ name, where, pictures, skipped, warnings }, options);
}

/** The folders directly below that are parts, not classes; none where there is no `train`. */
function partFolders(found: FoundFolder): ReadonlyMap<string, PartName> {
  const { where } = found;
  const below = groupBy(
    found.pictures.filter(({ path }) => path.includes('/')),
    ({ path }) => path.slice(0, path.indexOf('/')),
  );
  const names = Array.from(below.keys()).sort(byCode);
  const parts = new Map(
    names.flatMap((name) => {
      const part = partOf(name);
      return part === undefined ? [] : [[name, part] as const];
    }),
  );
  if (parts.size === 0) return parts;
  const others = names.filter((name) => !parts.has(name));
  if (others.length > 0) {
    // A class may be called train, beside bus and car: its pictures lie directly in it.
    const holdClasses = [...parts.keys()].filter((name) =>
      below.get(name)?.every(({ path }) => path.split('/').length > 2),
    );
    if (holdClasses.length === 0) return new Map();
    throw new DataError(
      `${where}: expected either parts (train, val, test) or classes, got the ` +
        `${holdClasses.length === 1 ? 'part' : 'parts'} ${holdClasses.join(', ')} beside ${shortList(others)}`,
    );
  }
  for (const [part, same] of groupBy(parts.keys(), (name) => parts.get(name))) {
    if (same.length > 1) {
      throw new DataError(
        `${where}: expected one folder for the part ${part ?? ''}, got ${same.join(' and ')}`,
      );
    }
  }
  if (![...parts.values()].includes('train')) {
    throw new DataError(
      `${where}: expected a folder train beside ${names.join(' and ')}, with pictures to train with`,
    );
  }
  return parts;
}

function strayPictures({ where, whereOf }: FoundFolder, paths: readonly string[]): DataError {
  const [first = '', ...others] = paths.toSorted(byCode);
  const more = others.length > 0 ? ` (and ${shortList(others.map(whereOf), 4)})` : '';
  return new DataError(
    `${whereOf(first)}${more}: expected it in a folder named after its class, as the other images of ${where} are; ` +
      'move it there, or out of the folder',
  );
}

/** `seven_1.png` -> `seven`, `7-a.jpg` -> `7`, `cat12.png` -> `cat`. */
function labelInName(path: string, where: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
  const [start = ''] = name.split(/[\s_.(-]/);
  const label = start.replace(/(?<=\D)\d+$/, '');
  if (label !== '') return label;
  throw new DataError(
    `${where}: expected it in a folder named after its class, or a name that begins with the class, such as seven_1.png`,
  );
}

function noPictures({ where, entries, skipped, whereOf }: FoundFolder): DataError {
  const names = [...entries];
  const left = skipped.length > 0 ? `; left out: ${shortList(skipped.map(shownSkipped), 4)}` : '';
  const shard = names.find((name) => name.endsWith('.tar'));
  const list = names.find((name) => /\.(csv|jsonl|ndjson)$/i.test(name));
  const hint =
    shard !== undefined
      ? `; shards are given by their names, such as '${whereOf('shards-{000..009}.tar')}' or ${whereOf(shard)}`
      : list !== undefined
        ? `; if ${list} lists pictures, give it as ${whereOf(list)}`
        : '';
  return new DataError(
    `${where}: expected ${layoutsLookedFor}, or the files of a data set (IDX, EMNIST, the binary version of CIFAR); ` +
      `${shownNames(names)}${left}${hint}`,
  );
}

function shownSkipped({ where, why }: SkippedFile): string {
  return `${where} (${why})`;
}

/** Class folders, and folders of parts, without a picture. */
function emptyFolders(found: FoundFolder, parts: ReadonlyMap<string, PartName>): readonly string[] {
  const { folders, pictures, whereOf } = found;
  const full = new Set(
    pictures.flatMap(({ path }) => {
      const [first = '', second = ''] = path.split('/');
      return [first, `${first}/${second}`];
    }),
  );
  const classFolders = folders.filter((path) => {
    const [first = '', second, ...deeper] = path.split('/');
    if (deeper.length > 0) return false;
    return second === undefined ? true : parts.has(first);
  });
  return classFolders
    .filter((path) => !full.has(path))
    .toSorted(byCode)
    .map((path) => {
      const isPart = !path.includes('/') && parts.size > 0 && partOf(path) !== undefined;
      return isPart
        ? `${whereOf(path)}: the folder of a part has no picture and is left out`
        : `${whereOf(path)}: the folder has no picture and is no class`;
    });
}

/** A class called train, beside bus and car, or a folder of unlabelled pictures called test1 beside a part train? */
function partsAsClasses(
  { where, pictures }: FoundFolder,
  parts: ReadonlyMap<string, PartName>,
): readonly string[] {
  if (parts.size > 0) return [];
  const folders = new Set(pictures.flatMap(({ path }) => /^(.*?)\//.exec(path)?.[1] ?? []));
  const named = [...folders].filter((name) => partOf(name) !== undefined).toSorted(byCode);
  if (named.length === 0) return [];
  return [
    `${where}: ${named.join(', ')} ${named.length === 1 ? 'is taken for a class' : 'are taken for classes'}, not for ` +
      `${named.length === 1 ? 'a part' : 'parts'}, beside the other folders: parts are train, val and test alone`,
  ];
}

/** Pictures of kinds that cannot be decoded are worth more than their place among what was skipped. */
function unreadKinds(where: string, skipped: readonly SkippedFile[]): readonly string[] {
  const unread = skipped.filter((each) => isUndecodable(each.where));
  const [first] = unread;
  if (first === undefined) return [];
  return [
    `${where}: left out ${unread.length === 1 ? '1 picture' : `${unread.length} pictures`} of a kind that is not read, such as ` +
      `${first.where}; convert them to PNG or JPEG`,
  ];
}

/** One folder of classes given a level too high, or pictures whose names say nothing. */
function namedAfterFiles(
  { where, pictures }: FoundFolder,
  labelled: readonly LabelledPicture[],
  byNames: boolean,
): readonly string[] {
  const labels = new Set(labelled.map(({ label }) => label));
  if (byNames) {
    return [
      `${where}: the classes are the beginnings of the pictures' names (${shortList([...labels], 4)}), as they lie in no ` +
        'folders of their own',
    ];
  }
  const deep = new Set(pictures.map(({ path }) => path.split('/').slice(0, -1).join('/')));
  if (labels.size > 1 || deep.size < 2) return [];
  return [
    `${where}: all pictures lie in its folder ${[...labels].join('')}, in folders below: give ${where}/${[...labels].join('')} ` +
      'if those are the classes',
  ];
}

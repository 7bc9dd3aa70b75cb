import { pictureFolders, type FoundFolder } from './found.js';
import { isUndecodable } from './junk.js';
import { partOf, type PartName } from './labelled.js';
import type { SkippedFile } from './listing.js';
import { byCode, shortList } from './names.js';

/** As many empty folders are named each on a line of its own. */
const MOST_LINES = 5;

/** What is odd about how pictures lie in a folder, and how it was taken. */
export function layoutWarnings(
  found: FoundFolder,
  parts: ReadonlyMap<string, PartName>,
  labels: ReadonlySet<string>,
  byNames: boolean,
): readonly string[] {
  const folders = pictureFolders(found);
  return [
    ...emptyFolders(found, parts, folders),
    ...unreadKinds(found.where, found.skipped),
    ...partsAsClasses(found.where, parts, folders),
    ...(parts.size > 0 && !byNames ? [] : odd(found.where, labels, byNames, folders)),
  ];
}

/** Class folders, and folders of parts, without a picture. */
function emptyFolders(
  { where, folders, whereOf }: FoundFolder,
  parts: ReadonlyMap<string, PartName>,
  full: readonly string[],
): readonly string[] {
  const holdPictures = new Set(
    full.flatMap((path) => {
      const [first = '', second = ''] = path.split('/');
      return [first, `${first}/${second}`];
    }),
  );
  const empty = folders
    .filter((path) => {
      const [first = '', second, ...deeper] = path.split('/');
      const isClass = deeper.length === 0 && (second === undefined || parts.has(first));
      return isClass && !holdPictures.has(path);
    })
    .toSorted(byCode);
  const isPart = (path: string): boolean => parts.size > 0 && partOf(path) !== undefined;
  const classes = empty.filter((path) => !isPart(path));
  return [
    ...empty
      .filter(isPart)
      .map((path) => `${whereOf(path)}: the folder of a part has no picture and is left out`),
    ...(classes.length > MOST_LINES
      ? [`${where}: ${classes.length} folders have no picture and are no classes: ${shortList(classes)}`]
      : classes.map((path) => `${whereOf(path)}: the folder has no picture and is no class`)),
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

/** A class called train, beside bus and car, or a folder of unlabelled pictures called test1 beside a part train? */
function partsAsClasses(
  where: string,
  parts: ReadonlyMap<string, PartName>,
  folders: readonly string[],
): readonly string[] {
  if (parts.size > 0) return [];
  const tops = new Set(folders.map((path) => path.replace(/\/.*$/s, '')));
  const named = [...tops].filter((name) => partOf(name) !== undefined).toSorted(byCode);
  if (named.length === 0) return [];
  return [
    `${where}: ${named.join(', ')} ${named.length === 1 ? 'is taken for a class' : 'are taken for classes'}, not for ` +
      `${named.length === 1 ? 'a part' : 'parts'}, beside the other folders: parts are train, val and test alone`,
  ];
}

/** Classes that are beginnings of names, and one folder of classes given a level too high. */
function odd(
  where: string,
  labels: ReadonlySet<string>,
  byNames: boolean,
  folders: readonly string[],
): readonly string[] {
  if (byNames) {
    return [
      `${where}: the classes are the beginnings of the pictures' names (${shortList([...labels], 4)}), as they lie in no ` +
        'folders of their own',
    ];
  }
  if (labels.size > 1 || folders.length < 2) return [];
  const only = [...labels].join('');
  return [
    `${where}: all pictures lie in its folder ${only}, in folders below: give ${where}/${only} if those are the classes`,
  ];
}

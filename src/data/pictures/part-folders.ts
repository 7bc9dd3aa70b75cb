import { DataError } from '../../errors.js';
import { pictureFolders, type FoundFolder } from './found.js';
import { groupBy } from './group-by.js';
import { partOf, type PartName } from './labelled.js';
import type { ListOptions } from './listing.js';
import { byCode, shortList } from './names.js';

/**
 * The folders directly below that are parts, not classes; none where there is no part.
 *
 * @throws DataError where parts that hold classes lie beside other folders, a part comes twice, or `train` is missing.
 */
export function partFolders(
  found: FoundFolder,
  { asOne = false }: Pick<ListOptions, 'asOne'> = {},
): ReadonlyMap<string, PartName> {
  const { where } = found;
  const folders = pictureFolders(found).filter((folder) => folder !== '');
  const below = groupBy(folders, (folder) => folder.replace(/\/.*$/s, ''));
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
      below.get(name)?.every((folder) => folder.includes('/')),
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
  if (!asOne && ![...parts.values()].includes('train')) {
    throw new DataError(
      `${where}: expected a folder train beside ${names.join(' and ')}, with pictures to train with; a trained model is evaluated with all pictures by --split all`,
    );
  }
  return parts;
}

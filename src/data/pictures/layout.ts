import { DataError } from '../../errors.js';
import { shownNames } from '../folder.js';
import { arrange } from './arrange.js';
import type { FoundFolder } from './found.js';
import { pictureEndings } from './junk.js';
import type { LabelledPicture } from './labelled.js';
import { layoutWarnings } from './layout-warnings.js';
import type { ListOptions, PictureListing, SkippedFile } from './listing.js';
import { byCode, shortList } from './names.js';
import { partFolders } from './part-folders.js';

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
  const parts = partFolders(found, options);
  const placed = found.pictures.map((picture) => {
    const [first = '', ...rest] = picture.path.split('/');
    const part = rest.length > 0 ? parts.get(first) : undefined;
    const folder = part === undefined ? first : rest[0];
    return { picture, part, folder: rest.length > (part === undefined ? 0 : 1) ? folder : undefined };
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
    return part === undefined ? { key: path, where, label, at } : { key: path, where, label, part, at };
  });
  const labels = new Set(pictures.map(({ label }) => label));
  const warnings = layoutWarnings(found, parts, labels, loose.length > 0);
  return arrange({ name, where, pictures, skipped, warnings }, options);
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

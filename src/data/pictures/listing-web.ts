import type { FileSource } from '../files.js';
import { gatherFiles, type DroppedFiles } from '../folder-web.js';
import { isPictureName, otherReason } from './junk.js';
import { listFolder } from './layout.js';
import type { ListOptions, PictureListing } from './listing.js';

/**
 * Lists the labelled pictures of files that a user dropped or chose, by the same rules as `listPictures` lists those of a
 * folder. Folders around them all make no difference.
 *
 * @throws DataError if there is no picture, some have no class, or the parts do not fit; IoError for a folder that cannot
 *   be read; OptionError for a share or a seed out of its range.
 * @example
 * const { classes, parts } = await listFiles(await showDirectoryPicker());
 */
export async function listFiles(source: FileSource, options: ListOptions = {}): Promise<PictureListing> {
  return listDropped(await gatherFiles(source), options);
}

/** As `listFiles`, of files that were gathered already. */
export function listDropped(dropped: DroppedFiles, options: ListOptions = {}): PictureListing {
  const { name, files, folders } = dropped;
  const whereOf = (path: string): string => (name === 'files' ? path : `${name}/${path}`);
  const others = files.flatMap(({ path }) => {
    const why = otherReason(path.slice(path.lastIndexOf('/') + 1));
    return why === undefined ? [] : [{ where: whereOf(path), why }];
  });
  return listFolder(
    {
      ...{ name, where: name, folders, whereOf },
      pictures: files
        .filter(({ path }) => isPictureName(path))
        .map(({ path, file }) => ({ path, at: { file } })),
      skipped: [...dropped.skipped, ...others],
      entries: new Set(files.map(({ path }) => path.replace(/\/.*$/, ''))),
    },
    options,
  );
}

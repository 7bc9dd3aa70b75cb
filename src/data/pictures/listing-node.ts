import { isFolder } from '../folder-node.js';
import { listFolder } from './layout.js';
import { isList, listListed } from './list-file-node.js';
import type { ListOptions, PictureListing } from './listing.js';
import { isShards, listShards } from './shards-node.js';
import { walkFolder } from './walk-node.js';

/**
 * Lists the labelled pictures of a folder, of a CSV or JSON-lines list, or of tar shards as WebDataset writes them.
 * Nothing is decoded.
 *
 * @param path - A folder with a folder for each class, in parts train, val and test or without; a file `.csv` or
 *   `.jsonl`; a file `.tar` or a pattern of several, `shards-{000..009}.tar`.
 * @throws DataError if there is no picture, some have no class, or the parts do not fit; IoError for a folder that cannot
 *   be listed; OptionError for a share or a seed out of its range.
 * @example
 * const { classes, parts, warnings } = await listPictures('photos', { valSplit: 0.1 });
 */
export async function listPictures(path: string, options: ListOptions = {}): Promise<PictureListing> {
  if (await isFolder(path)) return listFolder(await walkFolder(path), options);
  if (isList(path)) return listListed(path, options);
  if (isShards(path)) return listShards(path, options);
  return listFolder(await walkFolder(path), options);
}

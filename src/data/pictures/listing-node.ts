import { listFolder } from './layout.js';
import type { ListOptions, PictureListing } from './listing.js';
import { walkFolder } from './walk-node.js';

/**
 * Lists the labelled pictures of a folder. Nothing is decoded.
 *
 * @throws DataError if there is no picture, some have no class, or the parts do not fit; IoError for a folder that cannot
 *   be listed; OptionError for a share or a seed out of its range.
 * @example
 * const { classes, parts, warnings } = await listPictures('photos', { valSplit: 0.1 });
 */
export async function listPictures(path: string, options: ListOptions = {}): Promise<PictureListing> {
  return listFolder(await walkFolder(path), options);
}

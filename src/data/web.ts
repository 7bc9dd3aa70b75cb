/** Data sets of files that a user gives to a page. */
import { defined } from '../checks.js';
import type { DataSplit } from './dataset.js';
import type { Hash } from './digest.js';
import type { FileSource } from './files.js';
import type { PictureDataOptions } from './pictures/open.js';
import { gatherFiles, webFolder } from './folder-web.js';
import { listDropped } from './pictures/listing-web.js';
import { openWebListing } from './pictures/open-web.js';
import { holdsSet, readSet } from './read-set.js';

export { filesFromDrop } from './drop-web.js';
export { decodeImage, decodePicture, type WebImage } from './image-web.js';
export type { DecodedPicture, DecodeOptions, DecodePictureOptions } from './image.js';

/** How to open files; each kind uses its own options. */
export interface OpenFilesOptions extends PictureDataOptions {
  /** Label of each class index in place of the ten digits, for IDX files that are no known set. */
  readonly fallbackClasses?: readonly string[];
}

/**
 * Opens files that a user dropped or chose as a data set: MNIST's IDX files (plain or gzip), a CIFAR set (its `.bin` files
 * or `.tar.gz`), EMNIST's, or pictures whose folders or names say their classes, which are decoded when they are read. Folders
 * around them make no difference.
 *
 * @throws DataError for files of another kind, damaged or missing ones, and as `loadIdxFolder` and `loadCifarFolder` in
 *   Node; IoError for files that cannot be read.
 * @example
 * const { train, test } = await openFiles(input.files);
 * const letters = await openFiles(await showDirectoryPicker(), { channels: 1, imageSize: 28 });
 */
export async function openFiles(source: FileSource, options: OpenFilesOptions = {}): Promise<DataSplit> {
  const dropped = await gatherFiles(source);
  const folder = webFolder(dropped);
  if (holdsSet(folder)) {
    const { classes, fallbackClasses } = options;
    return readSet(folder, defined({ classes, fallbackClasses }), webHash);
  }
  return openWebListing(listDropped(dropped, options), options);
}

/** The browser's SHA-256; it has no MD5, so files with no other digest are not recognised. */
const webHash: Hash = async (algorithm, bytes) => {
  const { subtle } = crypto as { readonly subtle?: SubtleCrypto };
  if (algorithm !== 'sha256' || subtle === undefined) return undefined;
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
};

/** Data sets of files that a user gives to a page. */
import { defined } from '../checks.js';
import { DataError } from '../errors.js';
import type { DataSplit } from './dataset.js';
import type { Hash } from './digest.js';
import type { FileSource, PlacedFile } from './files.js';
import type { PictureDataOptions } from './pictures/open.js';
import { gatherFiles, readBytes, webFolder } from './folder-web.js';
import { shownNames } from './folder.js';
import { imageName, readImageSet, type ImageFile } from './image-set.js';
import { decodeImage, imageSize } from './image-web.js';
import { holdsSet, readSet, setsLookedFor } from './read-set.js';

export { filesFromDrop } from './drop-web.js';
export { decodeImage, decodePicture, type WebImage } from './image-web.js';
export type { DecodedPicture, DecodeOptions, PictureOptions } from './image.js';

/** How to open files; each kind uses its own options. */
export interface OpenFilesOptions extends PictureDataOptions {
  /** Label of each class index in place of the ten digits, for IDX files that are no known set. */
  readonly fallbackClasses?: readonly string[];
}

/**
 * Opens files that a user dropped or chose as a data set: MNIST's IDX files (plain or gzip), a CIFAR set (its `.bin` files
 * or `.tar.gz`), or images whose folders or names say their classes. Folders around them make no difference.
 *
 * @throws DataError for files of another kind, damaged or missing ones, and as `loadIdxFolder` and `loadCifarFolder` in
 *   Node; IoError for files that cannot be read.
 * @example
 * const { train, test } = await openFiles(input.files);
 * const letters = await openFiles(await showDirectoryPicker(), { channels: 1, height: 28, width: 28, resize: true });
 */
export async function openFiles(source: FileSource, options: OpenFilesOptions = {}): Promise<DataSplit> {
  const dropped = await gatherFiles(source);
  const folder = webFolder(dropped);
  if (holdsSet(folder)) {
    const { classes, fallbackClasses } = options;
    return readSet(folder, defined({ classes, fallbackClasses }), webHash);
  }
  const { name, files } = dropped;
  const other = files.find(({ path }) => !imageName.test(path));
  if (other === undefined) return readImageSet(name, files.map(imageFile), options as never);
  const among = files.length > 1 ? ` among ${files.length} files` : '';
  throw new DataError(
    `${other.path}: expected ${setsLookedFor}, or images (PNG, JPEG, WebP, GIF) in folders named after their classes, ` +
      `got a file of another kind${among}; ${shownNames(folder.entries.keys())}`,
  );
}

function imageFile({ path, file }: PlacedFile): ImageFile {
  // The decoder relies on the type, which a file from a folder or an archive may lack.
  const typed = async (): Promise<Blob> =>
    new Blob([(await readBytes(file, path)) as BlobPart], { type: typeOf(path) });
  return {
    ...{ path, where: path },
    size: async () => imageSize(await typed(), path),
    decode: async (options) => decodeImage(await typed(), options, path),
  };
}

function typeOf(path: string): string {
  const ending = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  return `image/${ending === 'jpg' ? 'jpeg' : ending}`;
}

/** The browser's SHA-256; it has no MD5, so files with no other digest are not recognised. */
const webHash: Hash = async (algorithm, bytes) => {
  const { subtle } = crypto as { readonly subtle?: SubtleCrypto };
  if (algorithm !== 'sha256' || subtle === undefined) return undefined;
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
};

import { DataError } from '../errors.js';
import { checkLabels } from './checks.js';
import type { MemoryDataset } from './dataset.js';
import { gunzipIfNeeded } from './gunzip.js';
import { memoryDataset } from './memory-dataset.js';

/** Two zero bytes, 08 for unsigned bytes, the number of dimensions. */
const IMAGES_MAGIC = 0x803;
const LABELS_MAGIC = 0x801;

/** Images of one IDX file. */
export interface IdxImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Pixels 0..255, [count, height, width]. */
  readonly images: Uint8Array;
}

/** The two files of one half of a data set. */
export interface IdxSource {
  /** What the data set is to be called, e.g. `mnist/train`. */
  readonly name: string;
  /** Bytes of the images file. */
  readonly images: Uint8Array;
  /** Bytes of the labels file. */
  readonly labels: Uint8Array;
  readonly classes: readonly string[];
  /** File names for error messages; `<name> images` and `<name> labels` unless given. */
  readonly imagesWhere?: string;
  /** As `imagesWhere`, for the labels. */
  readonly labelsWhere?: string;
}

/**
 * Reads an IDX file of images (magic 0x803: unsigned bytes, three dimensions).
 *
 * @param bytes - The whole file, uncompressed. The pixels returned are a view of it, not a copy.
 * @param where - The file's name, for error messages.
 * @returns Pixels 0..255, [count, height, width].
 * @throws DataError if the magic number or the length is wrong, or a dimension is 0.
 * @see http://yann.lecun.com/exdb/mnist/ (the IDX file format)
 * @example
 * const { count, height, width, images } = parseIdxImages(await readFile(file), file);
 */
export function parseIdxImages(bytes: Uint8Array, where: string): IdxImages {
  const [count, height, width] = parseHeader(bytes, where, IMAGES_MAGIC);
  const what = `${count} images of ${height}x${width}`;
  if (count === 0 || height === 0 || width === 0) {
    throw new DataError(`${where}: expected at least one image and one pixel, got ${what}`);
  }
  return { count, height, width, images: payload(bytes, where, 16, count * height * width, what) };
}

/**
 * Reads an IDX file of labels (magic 0x801: unsigned bytes, one dimension).
 *
 * @param bytes - The whole file, uncompressed. The labels returned are a view of it, not a copy.
 * @param where - The file's name, for error messages.
 * @param classes - Number of classes; every label must be below it.
 * @returns Class indices, [count].
 * @throws DataError if the magic number or the length is wrong, the count is 0, or a label is out of range.
 * @see http://yann.lecun.com/exdb/mnist/ (the IDX file format)
 * @example
 * const labels = parseIdxLabels(await readFile(file), file, 10);
 */
export function parseIdxLabels(bytes: Uint8Array, where: string, classes: number): Uint8Array {
  const [count] = parseHeader(bytes, where, LABELS_MAGIC);
  if (count === 0) throw new DataError(`${where}: expected at least one label, got 0`);
  const labels = payload(bytes, where, 8, count, `${count} labels`);
  checkLabels(where, labels, classes);
  return labels;
}

/**
 * Joins an images and a labels file to a data set of one channel. The pixels are shared, not copied.
 *
 * @throws DataError if a file is no IDX file of its kind, is cut off or too long, has a label that is no class, or if the
 *   two counts differ.
 * @example
 * const train = datasetFromIdx({ name: 'mnist/train', images, labels, classes: [...'0123456789'] });
 */
export function datasetFromIdx(source: IdxSource): MemoryDataset {
  const { name, classes, imagesWhere = `${name} images`, labelsWhere = `${name} labels` } = source;
  const parsed = parseIdxImages(source.images, imagesWhere);
  const labels = parseIdxLabels(source.labels, labelsWhere, classes.length);
  if (labels.length !== parsed.count) {
    throw new DataError(
      `${labelsWhere}: expected ${parsed.count} labels, one for each image of ${imagesWhere}, got ${labels.length}`,
    );
  }
  const { images, height, width } = parsed;
  return memoryDataset({ name, images, labels, channels: 1, height, width, classes });
}

/**
 * As `datasetFromIdx`, from files that are plain or gzip, as their first bytes say.
 *
 * @throws DataError as `datasetFromIdx`, and for a gzip file that is damaged.
 * @example
 * const train = await loadIdx({ name: 'mnist/train', images: await fetchBytes(url), labels, classes });
 */
export async function loadIdx(source: IdxSource): Promise<MemoryDataset> {
  const { name, imagesWhere = `${name} images`, labelsWhere = `${name} labels` } = source;
  return datasetFromIdx({
    ...source,
    images: await gunzipIfNeeded(source.images, imagesWhere),
    labels: await gunzipIfNeeded(source.labels, labelsWhere),
  });
}

/** The dimensions, which follow the magic number, big-endian. */
function parseHeader(bytes: Uint8Array, where: string, magic: number): [number, number, number] {
  const dimensions = magic & 0xff;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const came = bytes.length < 4 ? undefined : view.getUint32(0);
  if (came !== undefined && came !== magic) {
    throw new DataError(`${where}: expected ${nameOf(magic)}, got ${describe(came)}`);
  }
  const length = 4 + 4 * dimensions;
  if (bytes.length < length) {
    throw new DataError(`${where}: expected an IDX header of ${length} bytes, got a file of ${bytes.length}`);
  }
  const dimension = (i: number): number => (i < dimensions ? view.getUint32(4 + 4 * i) : 1);
  return [dimension(0), dimension(1), dimension(2)];
}

function payload(bytes: Uint8Array, where: string, header: number, size: number, what: string): Uint8Array {
  if (bytes.length !== header + size) {
    const trouble = bytes.length < header + size ? 'the file is cut off' : 'the file is too long';
    throw new DataError(
      `${where}: expected ${header + size} bytes (${what}), got ${bytes.length}: ${trouble}`,
    );
  }
  // Not `subarray`: that of a Node Buffer is another Buffer, not the plain array that is promised.
  return new Uint8Array(bytes.buffer, bytes.byteOffset + header, size);
}

function nameOf(magic: number): string {
  return `IDX ${magic === IMAGES_MAGIC ? 'images' : 'labels'} (magic ${hex(magic)})`;
}

/** What a file with wrong first bytes is, with the likely mistake where there is one. */
function describe(magic: number): string {
  if (magic === IMAGES_MAGIC || magic === LABELS_MAGIC) {
    return `${nameOf(magic)}; were images and labels swapped?`;
  }
  if (magic >>> 16 === 0x1f8b) return `a gzip file (${hex(magic)}); it must be unpacked first`;
  if (magic >>> 24 === 0x3c) return `a web page (${hex(magic)}); the download went wrong`;
  if (magic >>> 16 === 0) return `another kind of IDX file (magic ${hex(magic)})`;
  return `no IDX file (first bytes ${hex(magic)})`;
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}

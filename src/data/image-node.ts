import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { defined } from '../checks.js';
import { DataError } from '../errors.js';
import { checkBackground, flatten } from './flatten.js';
import {
  checkChannels,
  checkImageSize,
  checkSides,
  toPlanes,
  type DecodedPicture,
  type DecodeOptions,
  type PictureOptions,
} from './image.js';
import { describeCause } from './io-node.js';

export type { DecodedPicture, DecodeOptions, PictureOptions } from './image.js';

// libvips remembers its last operations to answer them again; each picture here comes once.
sharp.cache(false);

/** More pixels than the largest camera of a telephone takes as it stands; files that claim more are not unpacked. */
const MOST_PIXELS = 1e8;

/**
 * Reads a PNG, JPEG, WebP, GIF or AVIF (first picture), TIFF or SVG image of any size. The camera's orientation (EXIF) is
 * applied, colours become sRGB's, 16-bit samples 8-bit ones, grey is weighted by ITU-R BT.601 as Pillow's `convert('L')`.
 * What is transparent is laid on `background`; without one, on white if what is visible is dark, else on black.
 *
 * @param source - Path of a file, or the bytes of one.
 * @returns Samples 0..255, [height, width, channels], and the colour that transparent pixels were laid on.
 * @throws DataError if the file is missing, no image, damaged, cut off, or of more than 100 million pixels; OptionError if
 *   channels is not 1 or 3, or background no colour.
 * @see https://sharp.pixelplumbing.com/
 * @example
 * const { data, height, width } = await decodePicture('photos/cat/1.jpg', { channels: 3 });
 */
export async function decodePicture(
  source: string | Uint8Array,
  { where = nameOf(source), ...options }: PictureOptions,
): Promise<DecodedPicture> {
  checkChannels(options.channels);
  checkBackground(options.background);
  const bytes = typeof source === 'string' ? await readImageFile(source, where) : source;
  try {
    // sharp finds most damaged files only with its strictest setting, which is its default; written here because the
    // errors below depend on it.
    const { data, info } = await sharp(bytes, {
      ...{ failOn: 'warning', autoOrient: true, limitInputPixels: MOST_PIXELS },
    })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return flatten(data, info, options);
  } catch (cause) {
    throw new DataError(
      `${where}: expected an image (PNG, JPEG, WebP, GIF, AVIF, TIFF or SVG): ${describeCause(cause)}`,
      { cause },
    );
  }
}

/**
 * Reads an image as pixels of a `Dataset`, as `decodePicture` does.
 *
 * @param image - Path of a file, or the bytes of one.
 * @returns Pixels 0..255, [channels, height, width].
 * @throws DataError as `decodePicture`, and if the image is of another size (without `resize`); OptionError as it, and if
 *   height or width is no positive integer.
 * @example
 * const pixels = await decodeImage('seven.png', { channels: 1, height: 28, width: 28, resize: true, invert: true });
 */
export async function decodeImage(image: string | Uint8Array, options: DecodeOptions): Promise<Uint8Array> {
  const { channels, height, width, invert, background } = options;
  checkChannels(channels);
  checkSides(options);
  const picture = await decodePicture(image, { channels, ...defined({ background }) });
  checkImageSize(nameOf(image), picture, options);
  if (picture.height === height && picture.width === width) return toPlanes(picture, invert);
  const { data } = await sharp(picture.data, { raw: { ...picture, channels } })
    .resize({ height, width, fit: 'fill' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return toPlanes({ data, channels, height, width }, invert);
}

function nameOf(image: string | Uint8Array): string {
  return typeof image === 'string' ? image : `image of ${image.length} bytes`;
}

async function readImageFile(path: string, where: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new DataError(`${where}: expected an image, but the file cannot be read: ${describeCause(cause)}`, {
      cause,
    });
  }
}

import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { DataError } from '../errors.js';
import { checkDecode, checkImageSize, toPlanes, type DecodeOptions } from './image.js';
import { describeCause } from './io-node.js';

export type { DecodeOptions } from './image.js';

/**
 * Reads a PNG, JPEG, WebP, GIF (first picture), TIFF or SVG image as pixels of a `Dataset`. The camera's orientation
 * (EXIF) is applied, transparent pixels are blended with black, 16-bit samples become 8-bit ones.
 *
 * @param image - Path of a file, or the bytes of one.
 * @returns Pixels 0..255, [channels, height, width].
 * @throws DataError if the file is missing, no image, cut off, or of another size (without `resize`); OptionError if
 *   channels is not 1 or 3, or height or width is no positive integer.
 * @see https://sharp.pixelplumbing.com/
 * @example
 * const pixels = await decodeImage('seven.png', { channels: 1, height: 28, width: 28, resize: true, invert: true });
 */
export async function decodeImage(image: string | Uint8Array, options: DecodeOptions): Promise<Uint8Array> {
  checkDecode(options);
  const { channels, height, width, resize = false, invert = false } = options;
  const where = typeof image === 'string' ? image : `image of ${image.length} bytes`;
  const bytes = typeof image === 'string' ? await readImageFile(image) : image;
  try {
    // sharp finds most cut-off files only with its strictest setting, which is its default; written here because
    // the errors below depend on it.
    const decoder = sharp(bytes, { failOn: 'warning' }).autoOrient();
    const size = (await decoder.metadata()).autoOrient;
    checkImageSize(where, size, options);
    let picture = decoder.flatten({ background: '#000' });
    if (resize) picture = picture.resize({ height, width, fit: 'fill' });
    picture = picture.toColourspace(channels === 1 ? 'b-w' : 'srgb');
    const raw = await picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    return toPlanes(raw.data, raw.info.channels, channels, invert ? 255 : 0);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(
      `${where}: expected an image (PNG, JPEG, WebP, GIF, TIFF or SVG): ${describeCause(cause)}`,
      {
        cause,
      },
    );
  }
}

async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new DataError(`${path}: expected an image, but the file cannot be read: ${describeCause(cause)}`, {
      cause,
    });
  }
}

import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { DataError, OptionError } from '../errors.js';
import { describeCause } from './io-node.js';

/** What an image is to become. */
export interface DecodeOptions {
  /** 1 for grey, 3 for red, green and blue. */
  readonly channels: number;
  /** In pixels. */
  readonly height: number;
  /** In pixels. */
  readonly width: number;
  /** Whether to scale an image of another size, without keeping its proportions; false unless given. */
  readonly resize?: boolean;
  /** Whether to turn dark into light, e.g. for MNIST, where ink is white; false unless given. */
  readonly invert?: boolean;
}

/**
 * Reads a PNG, JPEG, WebP, GIF (first picture), TIFF or SVG image as pixels of a `Dataset`. The camera's orientation
 * (EXIF) is applied, transparency is laid on black, 16-bit samples become 8-bit ones.
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
  const { channels, height, width, resize = false, invert = false } = options;
  if (channels !== 1 && channels !== 3) throw new OptionError(`channels: expected 1 or 3, got ${channels}`);
  for (const [name, side] of Object.entries({ height, width })) {
    if (!Number.isSafeInteger(side) || side < 1) {
      throw new OptionError(`${name}: expected a positive integer, got ${side}`);
    }
  }
  const where = typeof image === 'string' ? image : `image of ${image.length} bytes`;
  const bytes = typeof image === 'string' ? await readImageFile(image) : image;
  try {
    // sharp finds most cut-off files only with the strictest of its settings, which is its default; said here since
    // the errors below depend on it.
    const decoder = sharp(bytes, { failOn: 'warning' }).autoOrient();
    const size = (await decoder.metadata()).autoOrient;
    if (!resize && (size.height !== height || size.width !== width)) {
      throw new DataError(
        `${where}: expected an image of ${height}x${width} (height x width), got ${size.height}x${size.width}; ` +
          'resize it first, or ask for it with `resize`',
      );
    }
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

/** [h, w, stride] -> [channels, h, w]; `flip` 255 inverts (255 - pixel = pixel ^ 255). */
function toPlanes(interleaved: Uint8Array, stride: number, channels: number, flip: number): Uint8Array {
  const area = interleaved.length / stride;
  const planes = new Uint8Array(area * channels);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) planes[c * area + i] = (interleaved[i * stride + c] ?? 0) ^ flip;
  }
  return planes;
}

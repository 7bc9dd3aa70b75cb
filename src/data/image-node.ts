import { readFile } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { defined } from '../checks.js';
import { DataError } from '../errors.js';
import { decodeBmp } from './bmp.js';
import { checkBackground, flatten } from './flatten.js';
import {
  checkChannels,
  checkImageSize,
  checkSides,
  type DecodedPicture,
  type DecodeOptions,
  type DecodePictureOptions,
} from './image.js';
import { planesOf } from './planes.js';
import { checkHeader, checkPixels, MOST_PIXELS, type ImageHeader } from './image-header.js';
import { describeCause } from './io-node.js';

export type { DecodedPicture, DecodeOptions, DecodePictureOptions } from './image.js';

// libvips remembers its last operations to answer them again; each picture here comes once.
sharp.cache(false);
// Its default outside of Linux is a thread a core for each picture. Many small ones gain by being decoded at once, each by
// one thread, and lose by the threads' meeting at every strip of rows.
sharp.concurrency(1);

/** What sharp reads, and bitmaps. */
const kinds = 'PNG, JPEG, WebP, GIF, AVIF, TIFF, BMP or SVG';

/**
 * Reads a PNG, JPEG, WebP, GIF or AVIF (first picture), TIFF, BMP or SVG image of any size. The camera's orientation (EXIF)
 * is applied, colours become sRGB's, 16-bit samples 8-bit ones, grey is weighted by ITU-R BT.601 as Pillow's `convert('L')`.
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
  { where = nameOf(source), ...options }: DecodePictureOptions,
): Promise<DecodedPicture> {
  checkChannels(options.channels);
  checkBackground(options.background);
  const bytes = typeof source === 'string' ? await readImageFile(source, where) : source;
  const header = checkHeader(bytes, where, kinds);
  try {
    const { samples, size } = await unpack(bytes, header, where);
    return flatten(samples, size, options);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const reason = describeCause(cause)
      .trim()
      .replace(/\s*\n\s*/g, '; ');
    throw new DataError(
      `${where}: expected an image, but this ${header.kind} is damaged or cut off: ${reason}`,
      { cause },
    );
  }
}

/** Samples of a decoder: [h, w, 3], or [h, w, 4] with alpha. */
interface Unpacked {
  readonly samples: Uint8Array;
  readonly size: { readonly height: number; readonly width: number };
}

async function unpack(
  bytes: Uint8Array,
  { kind, components }: ImageHeader,
  where: string,
): Promise<Unpacked> {
  if (kind === 'BMP') {
    const { data, ...size } = decodeBmp(bytes);
    return { samples: data, size };
  }
  // sharp finds most damaged files only with its strictest setting, which is its default; written here because the errors
  // depend on it.
  const decoder = sharp(bytes, { failOn: 'warning', autoOrient: true, limitInputPixels: MOST_PIXELS });
  if (components === 4 || kind === 'TIFF' || kind === 'SVG') {
    const { space, hasProfile, depth } = await describe(bytes, where);
    if (depth !== 'uchar' && depth !== 'ushort') {
      throw new DataError(`${where}: expected samples of 8 or 16 bits, got ${depth}; save it as PNG first`);
    }
    if (space === 'cmyk') return unpackInks(decoder, hasProfile);
  }
  // Without a colour space to work in, sharp leaves 16-bit pictures in that of its choice, Display P3.
  decoder.pipelineColourspace('srgb').toColourspace('srgb');
  const { data, info } = await decoder.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return { samples: data, size: info };
}

/** sharp checks the limit here too, but then does not say how large the picture is. */
async function describe(bytes: Uint8Array, where: string): Promise<Metadata> {
  const metadata = await sharp(bytes, { failOn: 'warning', limitInputPixels: false }).metadata();
  checkPixels(where, metadata);
  return metadata;
}

/**
 * Cyan, magenta, yellow and black: by their profile; without one by the formula of browsers and Pillow,
 * (255 - ink) (255 - black) / 255, as sharp would take a printer's profile that nobody asked for.
 */
async function unpackInks(decoder: Sharp, hasProfile: boolean): Promise<Unpacked> {
  if (!hasProfile) decoder.pipelineColourspace('cmyk');
  decoder.toColourspace(hasProfile ? 'srgb' : 'cmyk');
  const { data, info } = await decoder.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  if (hasProfile) return { samples: data, size: info };
  const area = info.height * info.width;
  const samples = new Uint8Array(3 * area);
  for (let i = 0; i < area; i++) {
    const light = 255 - (data[info.channels * i + 3] ?? 0);
    for (let c = 0; c < 3; c++) {
      samples[3 * i + c] = Math.round(((255 - (data[info.channels * i + c] ?? 0)) * light) / 255);
    }
  }
  return { samples, size: info };
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
  if (picture.height === height && picture.width === width) return planesOf(picture, invert);
  const { data } = await sharp(picture.data, { raw: { ...picture, channels } })
    .resize({ height, width, fit: 'fill' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return planesOf({ data, channels, height, width }, invert);
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

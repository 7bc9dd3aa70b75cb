import { defined } from '../checks.js';
import { DataError, messageOf } from '../errors.js';
import { isOnItsSide, takeWebpOrientation, turn, type Orientation } from './exif.js';
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
import { checkHeader } from './image-header.js';
import type { Picture } from './picture.js';

/** An image in a browser: an encoded one (`File`, `Blob` or its bytes), or a picture that the browser has already. */
export type WebImage = Blob | Uint8Array | ImageData | CanvasImageSource;

/**
 * Reads an image of any size with the browser's own decoder (PNG, JPEG, WebP, GIF's first picture, AVIF, BMP, and what else
 * it knows), or the picture of a canvas, an `<img>`, a video, in a page or a worker. The camera's orientation (EXIF) is
 * applied, colours become sRGB's, grey is weighted by ITU-R BT.601 as Pillow's `convert('L')`. What is transparent is laid
 * on `background`; without one, on white if what is visible is dark, else on black.
 *
 * @returns Samples 0..255, [height, width, channels], and the colour that transparent pixels were laid on.
 * @throws DataError if the file is no image or is cut off, and for a picture of another origin, which a page may show but
 *   not read; OptionError if channels is not 1 or 3, or background no colour.
 * @example
 * const { data, height, width } = await decodePicture(file, { channels: 3 });
 */
export async function decodePicture(
  image: WebImage,
  { where = nameOf(image), ...options }: DecodePictureOptions,
): Promise<DecodedPicture> {
  checkChannels(options.channels);
  checkBackground(options.background);
  const { bitmap, orientation } = await toBitmap(image, where);
  try {
    return turn(flatten(readPixels(draw(bitmap, bitmap, where), where), bitmap, options), orientation);
  } finally {
    bitmap.close();
  }
}

/**
 * Reads an image as pixels of a `Dataset`, as `decodePicture` does.
 *
 * @param where - The file's name, for error messages; default: that of a `File`, else its size.
 * @returns Pixels 0..255, [channels, height, width].
 * @throws DataError as `decodePicture`, and if the image is of another size (without `resize`); OptionError as it, and if
 *   height or width is no positive integer.
 * @example
 * const pixels = await decodeImage(file, { channels: 1, height: 28, width: 28, resize: true });
 */
export async function decodeImage(
  image: WebImage,
  options: DecodeOptions,
  where: string = nameOf(image),
): Promise<Uint8Array> {
  const { channels, height, width, invert, background } = options;
  checkChannels(channels);
  checkSides(options);
  const picture = await decodePicture(image, { channels, where, ...defined({ background }) });
  checkImageSize(where, picture, options);
  const isThere = picture.height === height && picture.width === width;
  return planesOf(isThere ? picture : await fill(picture, channels, options, where), invert);
}

/** Scales a picture without keeping its proportions. */
async function fill(
  { data, channels: from, ...size }: Picture,
  channels: 1 | 3,
  { height, width }: { readonly height: number; readonly width: number },
  where: string,
): Promise<Picture> {
  const rgba = new ImageData(size.width, size.height);
  for (let i = 0; i < size.width * size.height; i++) {
    for (let c = 0; c < 4; c++) rgba.data[4 * i + c] = c === 3 ? 255 : (data[from * i + (c % from)] ?? 0);
  }
  const bitmap = await createImageBitmap(rgba);
  try {
    return flatten(
      readPixels(draw(bitmap, { height, width }, where), where),
      { height, width },
      { channels },
    );
  } finally {
    bitmap.close();
  }
}

function draw(
  bitmap: ImageBitmap,
  { height, width }: { readonly height: number; readonly width: number },
  where: string,
): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new DataError(`${where}: this browser gives no canvas to decode it with`);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  return context;
}

/** Height and width of an image, rotated as the camera says. DataError as `decodeImage`. */
export async function imageSize(
  image: Blob,
  where: string,
): Promise<{ readonly height: number; readonly width: number }> {
  const { bitmap, orientation } = await toBitmap(image, where);
  const { height, width } = bitmap;
  bitmap.close();
  return isOnItsSide(orientation) ? { height: width, width: height } : { height, width };
}

const kinds = 'PNG, JPEG, WebP, GIF, AVIF or BMP';

/** What the browser has already becomes a bitmap as it is; a file is first checked to be a whole image of a sane size. */
async function toBitmap(
  image: WebImage,
  where: string,
): Promise<{ readonly bitmap: ImageBitmap; readonly orientation: Orientation }> {
  if (!(image instanceof Blob) && !(image instanceof Uint8Array)) {
    const drawn = createImageBitmap(image);
    return {
      bitmap: await orDataError(`${where}: expected a picture that can be drawn`, drawn),
      orientation: 1,
    };
  }
  // Copied, as a view of shared memory cannot become a Blob.
  const bytes =
    image instanceof Blob
      ? new Uint8Array(
          await orDataError(`${where}: expected an image, but the file cannot be read`, image.arrayBuffer()),
        )
      : Uint8Array.from(image);
  const { kind } = checkHeader(bytes, where, kinds);
  const type = `image/${kind === 'SVG' ? 'svg+xml' : kind.toLowerCase()}`;
  const damaged = `${where}: expected an image, but this ${kind} is damaged or cut off`;
  await checkWhole(bytes, type, damaged);
  const { upright, orientation } =
    kind === 'WebP' ? takeWebpOrientation(bytes) : ({ upright: bytes, orientation: 1 } as const);
  const bitmap = await orDataError(
    // Safari alone reads TIFF.
    kind === 'TIFF' || kind === 'SVG'
      ? `${where}: expected an image (${kinds}), got ${kind}, which this browser does not read; save it as PNG or JPEG first`
      : damaged,
    createImageBitmap(new Blob([upright], { type })),
  );
  return { bitmap, orientation };
}

/** The browser's decoder shows a cut-off file as far as it goes; its other one, `ImageDecoder`, where it exists, says so. */
async function checkWhole(data: Uint8Array<ArrayBuffer>, type: string, damaged: string): Promise<void> {
  if (typeof ImageDecoder === 'undefined' || !(await ImageDecoder.isTypeSupported(type))) return;
  const decoder = new ImageDecoder({ data, type });
  try {
    const { image: frame } = await orDataError(damaged, decoder.decode({ completeFramesOnly: true }));
    frame.close();
  } finally {
    decoder.close();
  }
}

function readPixels(context: OffscreenCanvasRenderingContext2D, where: string): Uint8ClampedArray {
  const { width, height } = context.canvas;
  try {
    return context.getImageData(0, 0, width, height).data;
  } catch (cause) {
    throw new DataError(`${where}: expected a picture that this page may read, got one of another origin`, {
      cause,
    });
  }
}

function nameOf(image: WebImage): string {
  if (image instanceof File) return image.name;
  if (image instanceof Blob) return `image of ${image.size} bytes`;
  return image instanceof Uint8Array ? `image of ${image.length} bytes` : 'image';
}

async function orDataError<T>(message: string, decoding: Promise<T>): Promise<T> {
  try {
    return await decoding;
  } catch (cause) {
    throw new DataError(`${message}: ${messageOf(cause)}`, { cause });
  }
}

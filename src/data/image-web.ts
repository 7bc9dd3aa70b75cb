import { DataError, messageOf } from '../errors.js';
import { checkDecode, checkImageSize, toGrey, toPlanes, type DecodeOptions } from './image.js';

/** An image in a browser: an encoded one (`File`, `Blob` or its bytes), or a picture that the browser has already. */
export type WebImage = Blob | Uint8Array | ImageData | CanvasImageSource;

/**
 * Reads an image with the browser's own decoder (PNG, JPEG, WebP, GIF's first picture, and what else it knows), or the
 * picture of a canvas, an `<img>`, a video, as pixels of a `Dataset`, in a page or a worker. The camera's orientation
 * (EXIF) is applied, transparent pixels are blended with black.
 *
 * @param where - The file's name, for error messages; default: that of a `File`, else its size.
 * @returns Pixels 0..255, [channels, height, width].
 * @throws DataError if the file is no image, is cut off, or is of another size (without `resize`), and for a picture of
 *   another origin, which a page may show but not read; OptionError if channels is not 1 or 3, or height or width is no
 *   positive integer.
 * @example
 * const pixels = await decodeImage(file, { channels: 1, height: 28, width: 28, resize: true });
 */
export async function decodeImage(
  image: WebImage,
  options: DecodeOptions,
  where: string = nameOf(image),
): Promise<Uint8Array> {
  checkDecode(options);
  const { channels, height, width, invert = false } = options;
  // A view of shared memory cannot become a Blob.
  const source = image instanceof Uint8Array ? new Blob([Uint8Array.from(image)]) : image;
  if (source instanceof Blob) await checkWhole(source, where);
  const whole = await orDataError(where, createImageBitmap(source));
  try {
    checkImageSize(where, whole, options);
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    if (context === null) throw new DataError(`${where}: this browser gives no canvas to decode it with`);
    context.fillStyle = '#000';
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(whole, 0, 0, width, height);
    const data = readPixels(context, where);
    const flip = invert ? 255 : 0;
    return channels === 1 ? toGrey(data, flip) : toPlanes(data, 4, 3, flip);
  } finally {
    whole.close();
  }
}

/** Height and width of an image, rotated as the camera says. DataError as `decodeImage`. */
export async function imageSize(
  image: Blob,
  where: string,
): Promise<{ readonly height: number; readonly width: number }> {
  const bitmap = await orDataError(where, createImageBitmap(image));
  const { height, width } = bitmap;
  bitmap.close();
  return { height, width };
}

/** The browser's decoder shows a cut-off file as far as it goes; its other one, `ImageDecoder`, where it exists, says so. */
async function checkWhole(image: Blob, where: string): Promise<void> {
  const data = await image.arrayBuffer();
  const type = image.type === '' ? typeOf(new Uint8Array(data)) : image.type;
  if (typeof ImageDecoder === 'undefined' || !(await ImageDecoder.isTypeSupported(type))) return;
  const decoder = new ImageDecoder({ data, type });
  try {
    const { image: frame } = await orDataError(where, decoder.decode({ completeFramesOnly: true }));
    frame.close();
  } finally {
    decoder.close();
  }
}

/** By the first bytes, for a file whose name says nothing. Source: https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern */
function typeOf(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (start.startsWith('\u0089PNG')) return 'image/png';
  if (start.startsWith('\u00ff\u00d8\u00ff')) return 'image/jpeg';
  if (start.startsWith('GIF8')) return 'image/gif';
  return /^RIFF.{4}WEBP/s.test(start) ? 'image/webp' : 'image/unknown';
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

async function orDataError<T>(where: string, decoding: Promise<T>): Promise<T> {
  try {
    return await decoding;
  } catch (cause) {
    const reason = messageOf(cause);
    throw new DataError(`${where}: expected an image (PNG, JPEG, WebP, GIF): ${reason}`, { cause });
  }
}

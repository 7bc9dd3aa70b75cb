import { DataError } from '../errors.js';
import { imageKind, type ImageKind } from './image-kind.js';

/** What an image's header says before anything is unpacked. */
export interface ImageHeader {
  readonly kind: ImageKind;
  /** As stored, before the camera's orientation; absent where only a decoder finds it (TIFF, SVG) or the header lacks it. */
  readonly height?: number;
  readonly width?: number;
  /** Of a JPEG: 1 grey, 3 colour, 4 CMYK. */
  readonly components?: number;
}

/** A camera of 100 million pixels gives the largest picture that is unpacked: 300 MB. */
export const MOST_PIXELS = 1e8;

/**
 * The kind and size of an image, checked before a decoder takes memory for what the header claims.
 *
 * @param where - What errors call the file.
 * @param kinds - What can be read here, in words.
 * @throws DataError for a file that is no image, is larger than `MOST_PIXELS`, or claims more than its bytes can hold.
 */
export function checkHeader(bytes: Uint8Array, where: string, kinds: string): ImageHeader {
  const found = imageKind(bytes, where);
  if ('instead' in found) throw new DataError(`${where}: expected an image (${kinds}), got ${found.instead}`);
  const { kind } = found;
  const { size, components, mostPixels = Infinity } = read(kind, bytes);
  if (size === undefined) return { kind };
  const [height, width] = size;
  const pixels = height * width;
  if (!(pixels > 0)) {
    throw new DataError(
      `${where}: expected an image with pixels, got a ${kind} of ${height}x${width} (height x width)`,
    );
  }
  checkPixels(where, { height, width });
  if (pixels > mostPixels) {
    throw new DataError(
      `${where}: expected an image, but the ${bytes.length} bytes of this ${kind} cannot hold the ${height}x${width} pixels ` +
        'that its header claims: it is damaged or cut off',
    );
  }
  return { kind, height, width, ...(components === undefined ? {} : { components }) };
}

/** Throws DataError for more than `MOST_PIXELS`. */
export function checkPixels(where: string, { height, width }: { height: number; width: number }): void {
  if (height * width <= MOST_PIXELS) return;
  throw new DataError(
    `${where}: expected at most ${MOST_PIXELS / 1e6} million pixels, got ${height}x${width} (height x width); ` +
      'scale it down first',
  );
}

interface Found {
  readonly size?: readonly [height: number, width: number] | undefined;
  readonly components?: number;
  /** What the file's bytes can hold at the best compression that the format has. */
  readonly mostPixels?: number;
}

function read(kind: ImageKind, bytes: Uint8Array): Found {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    switch (kind) {
      case 'PNG':
        return readPng(view);
      case 'JPEG':
        return readJpeg(view);
      case 'WebP':
        return { size: webpSize(view) };
      case 'GIF':
        return { size: [view.getUint16(8, true), view.getUint16(6, true)] };
      case 'BMP':
        return { size: bmpSize(view) };
      case 'AVIF':
        return { size: avifSize(view) };
      case 'TIFF':
      case 'SVG':
        return {};
    }
  } catch (cause) {
    // Cut off within its header: what the decoder finds, and says.
    if (cause instanceof RangeError) return {};
    throw cause;
  }
}

/** Source: https://www.w3.org/TR/png-3/#11IHDR; deflate makes at best 258 bytes of 2 bits, 1032 to 1. */
function readPng(view: DataView): Found {
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const samples = [1, 0, 3, 1, 2, 0, 4][view.getUint8(25)] ?? 1;
  const bitsPerPixel = Math.max(1, view.getUint8(24) * samples);
  return { size: [height, width], mostPixels: (1032 * view.byteLength * 8) / bitsPerPixel };
}

/**
 * The frame's header lies behind any number of segments.
 * Each block of 8x8 takes a bit at least. Source: https://www.w3.org/Graphics/JPEG/itu-t81.pdf (B.2.2, F.1.2)
 */
function readJpeg(view: DataView): Found {
  let at = 2;
  for (;;) {
    while (view.getUint8(at) !== 0xff) at++;
    while (view.getUint8(at) === 0xff) at++;
    const marker = view.getUint8(at++);
    // Without a length: fillers and the start of the image.
    if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    // The pixels or the end, before any frame.
    if (marker === 0xd9 || marker === 0xda) return {};
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      return {
        size: [view.getUint16(at + 3), view.getUint16(at + 5)],
        components: view.getUint8(at + 7),
        mostPixels: 64 * 8 * view.byteLength,
      };
    }
    at += view.getUint16(at);
  }
}

/** Source: https://developers.google.com/speed/webp/docs/riff_container (lossy, lossless and extended files) */
function webpSize(view: DataView): Found['size'] {
  const chunk = view.getUint8(15);
  const uint24 = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
  if (chunk === 0x58) return [uint24(27) + 1, uint24(24) + 1];
  if (chunk === 0x20) return [view.getUint16(28, true) & 0x3fff, view.getUint16(26, true) & 0x3fff];
  const bits = view.getUint32(21, true);
  return [((bits >>> 14) & 0x3fff) + 1, (bits & 0x3fff) + 1];
}

/** A negative height says that the first row is the upper one. */
function bmpSize(view: DataView): Found['size'] {
  const isOld = view.getUint32(14, true) === 12;
  if (isOld) return [view.getUint16(20, true), view.getUint16(18, true)];
  return [Math.abs(view.getInt32(22, true)), view.getInt32(18, true)];
}

/** The largest of the sizes (`ispe` boxes) of the file's items, which stand in its first box of metadata. */
function avifSize(view: DataView): Found['size'] {
  const end = Math.min(view.byteLength - 16, 1 << 16);
  let largest: Found['size'];
  for (let at = 0; at < end; at++) {
    if (view.getUint32(at) !== 0x69737065) continue;
    const size = [view.getUint32(at + 12), view.getUint32(at + 8)] as const;
    if (largest === undefined || size[0] * size[1] > largest[0] * largest[1]) largest = size;
  }
  return largest;
}

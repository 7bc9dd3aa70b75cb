import type { Picture } from './picture.js';

/** How the camera was held: 1 as usual, 2 to 8 mirrored or turned. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/**
 * The orientation of a WebP file, where browsers differ in whether they apply it; and the same file without it.
 * Source: https://developers.google.com/speed/webp/docs/riff_container (Metadata)
 */
export function takeWebpOrientation(bytes: Uint8Array<ArrayBuffer>): {
  readonly orientation: Orientation;
  readonly upright: Uint8Array<ArrayBuffer>;
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    // 'EXIF'
    if (view.getUint32(at) === 0x45584946) {
      const orientation = exifOrientation(bytes.subarray(at + 8, at + 8 + size));
      if (orientation === 1) break;
      const upright = bytes.slice();
      // A chunk of an unknown name is passed over.
      upright.set([0x6e, 0x6f, 0x6e, 0x65], at);
      return { orientation, upright };
    }
    // Chunks begin at even bytes.
    at += 8 + size + (size % 2);
  }
  return { orientation: 1, upright: bytes };
}

/** 1 where nothing is said. Source: https://www.cipa.jp/std/documents/download_e.html?DC-008-Translation-2019-E (4.6.4) */
function exifOrientation(exif: Uint8Array): Orientation {
  const hasName = String.fromCharCode(...exif.subarray(0, 4)) === 'Exif';
  const tiff = hasName ? exif.subarray(6) : exif;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  try {
    const isLittle = view.getUint8(0) === 0x49;
    const folder = view.getUint32(4, isLittle);
    for (let i = 0; i < view.getUint16(folder, isLittle); i++) {
      const entry = folder + 2 + 12 * i;
      if (view.getUint16(entry, isLittle) !== 0x112) continue;
      const value = view.getUint16(entry + 8, isLittle);
      return value >= 1 && value <= 8 ? (value as Orientation) : 1;
    }
  } catch (error) {
    // Cut off: decoders take such a file as one that says nothing.
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

/** Whether height and width change places. */
export function isOnItsSide(orientation: Orientation): boolean {
  return orientation >= 5;
}

/**
 * A picture as it is meant to be seen.
 *
 * @example
 * turn({ data: Uint8Array.of(1, 2), channels: 1, height: 1, width: 2 }, 6).data; // 1, 2, of height 2
 */
export function turn<T extends Picture>(picture: T, orientation: Orientation): T {
  if (orientation === 1) return picture;
  const { data, channels, height, width } = picture;
  const [rows, columns] = isOnItsSide(orientation) ? [width, height] : [height, width];
  const turned = new Uint8Array(data.length);
  // 5 to 8 are 1 to 4 with rows and columns exchanged, see `flips`.
  const [fromRight, fromBelow] = flips[orientation - 1] ?? [false, false];
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const [u, v] = isOnItsSide(orientation) ? [y, x] : [x, y];
      const from = channels * ((fromBelow ? height - 1 - v : v) * width + (fromRight ? width - 1 - u : u));
      for (let c = 0; c < channels; c++) turned[to++] = data[from + c] ?? 0;
    }
  }
  return { ...picture, data: turned, height: rows, width: columns };
}

/** Whether the stored columns are read from the right, the stored rows from below. */
const flips = [
  [false, false],
  [true, false],
  [true, true],
  [false, true],
  [false, false],
  [false, true],
  [true, true],
  [true, false],
] as const;

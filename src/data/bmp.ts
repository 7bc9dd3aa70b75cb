/** Windows bitmaps, which sharp does not read; the packages for them that were tried leave out kinds of it or misread them. */

/** Samples [height, width, 3], or [height, width, 4] with transparency. */
export interface Bitmap {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
}

interface Header {
  readonly width: number;
  readonly height: number;
  /** Whether the first row is the lowest. */
  readonly isBottomUp: boolean;
  readonly bits: number;
  /** Where the pixels begin. */
  readonly offset: number;
  readonly isRunLength: boolean;
  /** Bits of red, green, blue and alpha in a pixel of 16 or 32 bits. */
  readonly masks: readonly [red: number, green: number, blue: number, alpha: number];
  /** Red, green and blue of each index. */
  readonly palette: Uint8Array;
}

/**
 * Reads a bitmap of 1, 2, 4, 8, 16, 24 or 32 bits, stored from below or from above, also run-length encoded.
 *
 * @throws Error that says what is wrong.
 * @see https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
 */
export function decodeBmp(bytes: Uint8Array): Bitmap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const header = readHeader(view);
    const { height, width, bits } = header;
    if (bits > 8) return { data: readColours(view, header), height, width };
    const indices = header.isRunLength ? readRuns(view, header) : readIndices(view, header);
    const data = new Uint8Array(3 * indices.length);
    for (const [i, index] of indices.entries()) {
      for (let c = 0; c < 3; c++) data[3 * i + c] = header.palette[3 * index + c] ?? 0;
    }
    return { data, height, width };
  } catch (cause) {
    if (cause instanceof RangeError) throw new Error('it is cut off', { cause });
    throw cause;
  }
}

function readHeader(view: DataView): Header {
  const offset = view.getUint32(10, true);
  const size = view.getUint32(14, true);
  const isOld = size === 12;
  if (!isOld && ![16, 40, 52, 56, 64, 108, 124].includes(size))
    throw new Error(`its header has ${size} bytes`);
  const width = isOld ? view.getUint16(18, true) : view.getInt32(18, true);
  const signed = isOld ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isOld ? 24 : 28, true);
  const isLong = size >= 40;
  const compression = isLong ? view.getUint32(30, true) : 0;
  const hasMasks = (compression === 3 || compression === 6) && size !== 64;
  const isRunLength = (compression === 1 && bits === 8) || (compression === 2 && bits === 4);
  const isPlain = compression === 0 && [1, 2, 4, 8, 16, 24, 32].includes(bits);
  if (!isPlain && !isRunLength && !(hasMasks && (bits === 16 || bits === 32))) {
    throw new Error(`it has ${bits} bits a pixel and compression ${compression}`);
  }
  const mask = (i: number): number => view.getUint32(54 + 4 * i, true);
  // As browsers do, transparency counts wherever the header has room for it, also where colours need no masks.
  const alpha = size === 64 || bits < 16 ? 0 : size >= 56 || compression === 6 ? mask(3) : 0;
  const masks: Header['masks'] = hasMasks
    ? [mask(0), mask(1), mask(2), alpha]
    : bits === 16
      ? [0x7c00, 0x3e0, 0x1f, 0]
      : [0xff0000, 0xff00, 0xff, bits === 32 ? alpha : 0];
  // The masks lie between a short header and the palette.
  const start = 14 + size + (hasMasks && size === 40 ? (compression === 6 ? 16 : 12) : 0);
  const entry = isOld ? 3 : 4;
  const told = isLong ? view.getUint32(46, true) : 0;
  const colours =
    bits > 8 ? 0 : Math.min(told === 0 ? 1 << bits : told, 1 << bits, Math.floor((offset - start) / entry));
  const palette = Uint8Array.from({ length: 3 * colours }, (_, i) =>
    view.getUint8(start + entry * Math.floor(i / 3) + 2 - (i % 3)),
  );
  return {
    ...{ width, height: Math.abs(signed), isBottomUp: signed > 0 },
    ...{ bits, offset, isRunLength, masks, palette },
  };
}

/** Rows begin at multiples of 4 bytes. */
function rowStarts({ width, height, bits, offset, isBottomUp }: Header): (y: number) => number {
  const stride = 4 * Math.ceil((width * bits) / 32);
  return (y) => offset + stride * (isBottomUp ? height - 1 - y : y);
}

function readIndices(view: DataView, header: Header): Uint8Array {
  const { width, height, bits } = header;
  const startOf = rowStarts(header);
  checkRows(view, header);
  const indices = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      const byte = view.getUint8(startOf(y) + (bit >> 3));
      indices[y * width + x] = (byte >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
    }
  }
  return indices;
}

function readColours(view: DataView, header: Header): Uint8Array {
  const { width, height, bits, masks } = header;
  const startOf = rowStarts(header);
  checkRows(view, header);
  const channels = masks[3] === 0 ? 3 : 4;
  const fields = masks.slice(0, channels).map((mask) => {
    const low = mask & -mask;
    return { mask, low: low >>> 0, scale: mask === 0 ? 0 : 255 / (mask / (low >>> 0)) };
  });
  const data = new Uint8Array(channels * width * height);
  for (let y = 0, to = 0; y < height; y++) {
    let from = startOf(y);
    for (let x = 0; x < width; x++, from += bits / 8) {
      if (bits === 24) {
        for (let c = 2; c >= 0; c--) data[to++] = view.getUint8(from + c);
        continue;
      }
      const pixel = bits === 16 ? view.getUint16(from, true) : view.getUint32(from, true);
      for (const { mask, low, scale } of fields) {
        data[to++] = mask === 0 ? 0 : Math.round((((pixel & mask) >>> 0) / low) * scale);
      }
    }
  }
  return data;
}

/** Before memory is taken for pixels that are not there; the last row may lack its filling. */
function checkRows(view: DataView, { width, height, bits, offset }: Header): void {
  const stride = 4 * Math.ceil((width * bits) / 32);
  const end = offset + stride * (height - 1) + Math.ceil((width * bits) / 8);
  if (end > view.byteLength)
    throw new Error(`it is cut off, ${end} bytes are expected, not ${view.byteLength}`);
}

/**
 * Runs of an index (of two in turn, for 4 bits) or, after a 0, of single ones, a step, or the end of a row or of all; what
 * they leave out has index 0. Source: https://learn.microsoft.com/windows/win32/gdi/bitmap-compression
 */
function readRuns(view: DataView, { width, height, bits, offset, isBottomUp }: Header): Uint8Array {
  const indices = new Uint8Array(width * height);
  let [x, y, at] = [0, 0, offset];
  const put = (index: number): void => {
    if (x < width && y < height) indices[(isBottomUp ? height - 1 - y : y) * width + x] = index;
    x++;
  };
  const half = (byte: number, i: number): number => (bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
  while (y < height) {
    const [count, value] = [view.getUint8(at), view.getUint8(at + 1)];
    at += 2;
    if (count > 0) for (let i = 0; i < count; i++) put(half(value, i));
    else if (value === 0) [x, y] = [0, y + 1];
    else if (value === 1) break;
    else if (value === 2) {
      x += view.getUint8(at);
      y += view.getUint8(at + 1);
      at += 2;
    } else {
      const perByte = 8 / bits;
      for (let i = 0; i < value; i++) put(half(view.getUint8(at + Math.floor(i / perByte)), i));
      // To a whole number of 16-bit words.
      at += 2 * Math.ceil(value / perByte / 2);
    }
  }
  return indices;
}

/** What a bitmap is made of; the rows of `data` are already filled up to 4 bytes, in the file's order. */
export interface BmpParts {
  readonly width: number;
  /** Negative: the first row is the upper one. */
  readonly height: number;
  readonly bits: number;
  readonly data: readonly number[];
  readonly compression?: number;
  readonly palette?: readonly (readonly [red: number, green: number, blue: number])[];
  readonly masks?: readonly number[];
  /** 12 (OS/2), 40, 108 or 124 bytes. */
  readonly header?: number;
  /** Bytes between the palette and the pixels. */
  readonly gap?: number;
}

/** A Windows bitmap. Source: https://learn.microsoft.com/windows/win32/gdi/bitmap-storage */
export function encodeBmp(parts: BmpParts): Buffer {
  const {
    width,
    height,
    bits,
    data,
    compression = 0,
    palette = [],
    masks = [],
    header = 40,
    gap = 0,
  } = parts;
  const isOld = header === 12;
  const colours = Buffer.from(palette.flatMap(([r, g, b]) => (isOld ? [b, g, r] : [b, g, r, 0])));
  const fields = Buffer.alloc(4 * masks.length);
  for (const [i, mask] of masks.entries()) fields.writeUInt32LE(mask, 4 * i);
  const head = Buffer.alloc(14 + header);
  const behind = Buffer.concat([header === 40 ? fields : Buffer.alloc(0), colours, Buffer.alloc(gap)]);
  head.write('BM');
  head.writeUInt32LE(head.length + behind.length + data.length, 2);
  head.writeUInt32LE(head.length + behind.length, 10);
  head.writeUInt32LE(header, 14);
  if (isOld) {
    head.writeUInt16LE(width, 18);
    head.writeUInt16LE(height, 20);
    head.writeUInt16LE(1, 22);
    head.writeUInt16LE(bits, 24);
  } else {
    head.writeInt32LE(width, 18);
    head.writeInt32LE(height, 22);
    head.writeUInt16LE(1, 26);
    head.writeUInt16LE(bits, 28);
    head.writeUInt32LE(compression, 30);
    head.writeUInt32LE(data.length, 34);
    head.writeUInt32LE(palette.length, 46);
    if (header > 40) fields.copy(head, 54);
    // Colours are sRGB's.
    if (header > 56) head.write('BGRs', 14 + 56, 'ascii');
  }
  return Buffer.concat([head, behind, Buffer.from(data)]);
}

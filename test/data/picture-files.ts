import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { encodeBmp, type BmpParts } from './bmp-encode.js';
import { adobeRgb } from './icc.js';

/** A file of every kind that is read, and what it shows. */
export interface PictureFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Red, green and blue of each pixel, laid on `background`. */
  readonly expected: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** How far Node may be from `expected`: 0 unless the format itself loses something. */
  readonly near: number;
  /** How far a browser may be from Node. */
  readonly webNear: number;
}

export const [width, height] = [24, 16];
export const background = '#3070d0';
const behind = [0x30, 0x70, 0xd0] as const;

/** Colours that change slowly, with a corner of another colour that tells the directions apart. */
const colourAt = (x: number, y: number): readonly [number, number, number] =>
  x < 8 && y < 8 ? [230, 60, 40] : [40 + 6 * x, 200 - 8 * y, 60 + 3 * x + 4 * y];
const alphaAt = (x: number): number => Math.min(255, Math.max(0, 20 * (x - 6)));

const map = (of: (x: number, y: number) => readonly number[]): Uint8Array =>
  Uint8Array.from(
    Array.from({ length: width * height }, (_, i) => of(i % width, Math.floor(i / width))).flat(),
  );
export const colours = map(colourAt);
const grey = (x: number, y: number): number => 10 + 9 * x + y;
const greys = map((x, y) => [grey(x, y)]);
const greyColours = map((x, y) => [grey(x, y), grey(x, y), grey(x, y)]);
const veiled = map((x, y) => [...colourAt(x, y), alphaAt(x)]);
const laid = map((x, y) =>
  colourAt(x, y).map((value, c) =>
    Math.round((value * alphaAt(x) + (behind[c] ?? 0) * (255 - alphaAt(x))) / 255),
  ),
);
/** Transparent or not at all, as GIF and palettes of 8 colours have it. */
const isThere = (x: number, y: number): boolean => (x + y) % 3 !== 0;
const flat = (x: number, y: number): readonly number[] => [
  ...(x < 12 ? [255, 204, 0] : [0, 51, 153]),
  isThere(x, y) ? 255 : 0,
];
const flatLaid = map((x, y) => (isThere(x, y) ? flat(x, y).slice(0, 3) : behind));

const rgb = (): Sharp => sharp(colours, { raw: { width, height, channels: 3 } });
const rgba = (): Sharp => sharp(veiled, { raw: { width, height, channels: 4 } });
const flats = (): Sharp => sharp(map(flat), { raw: { width, height, channels: 4 } });

/** What is seen of the picture at an orientation of EXIF: pixel (x, y) of what is shown is the stored one at the result. */
const shownFrom: readonly ((x: number, y: number) => readonly [number, number])[] = [
  (x, y) => [x, y],
  (x, y) => [width - 1 - x, y],
  (x, y) => [width - 1 - x, height - 1 - y],
  (x, y) => [x, height - 1 - y],
  (x, y) => [y, x],
  (x, y) => [y, height - 1 - x],
  (x, y) => [width - 1 - y, height - 1 - x],
  (x, y) => [width - 1 - y, x],
];

function turned(orientation: number): Pick<PictureFile, 'expected' | 'height' | 'width'> {
  const [w, h] = orientation > 4 ? [height, width] : [width, height];
  const from = shownFrom[orientation - 1] ?? ((x, y) => [x, y]);
  const expected = Uint8Array.from(
    Array.from({ length: w * h }, (_, i) => colourAt(...from(i % w, Math.floor(i / w)))).flat(),
  );
  return { expected, height: h, width: w };
}

/** Animated: the colours, then black. */
const two = async (): Promise<Sharp> =>
  sharp([await rgb().png().toBuffer(), await rgb().linear(0, 0).png().toBuffer()], {
    join: { animated: true },
  });

const rows = (bits: number, of: (x: number, y: number) => number, fromBelow = true): number[] =>
  Array.from({ length: height }, (_, i) => {
    const y = fromBelow ? height - 1 - i : i;
    const row = new Array<number>(4 * Math.ceil((width * bits) / 32)).fill(0);
    for (let x = 0; x < width; x++) {
      const value = of(x, y);
      if (bits < 8)
        row[(x * bits) >> 3] = (row[(x * bits) >> 3] ?? 0) | (value << (8 - bits - ((x * bits) & 7)));
      else for (let b = 0; b < bits / 8; b++) row[(x * bits) / 8 + b] = (value >>> (8 * b)) & 255;
    }
    return row;
  }).flat();

const whole = (x: number, y: number): number => {
  const [r, g, b] = colourAt(x, y);
  return r * 0x10000 + g * 0x100 + b;
};
const palette = Array.from({ length: 16 }, (_, i) => [i * 17, 255 - i * 10, (i * 53) % 256] as const);
const indexed = (count: number) => (x: number, y: number) => (x + 2 * y) % count;
const coloured = (count: number): Uint8Array => map((x, y) => palette[indexed(count)(x, y)] ?? []);
const five = (value: number): number => Math.round(((value >> 3) * 255) / 31);
const six = (value: number): number => Math.round(((value >> 2) * 255) / 63);

const bitmaps: Readonly<
  Record<
    string,
    readonly [parts: Omit<BmpParts, 'width' | 'height'> & { readonly height?: number }, expected: Uint8Array]
  >
> = {
  '1 bit': [
    { bits: 1, palette: palette.slice(3, 5), data: rows(1, indexed(2)) },
    map((x, y) => palette[3 + indexed(2)(x, y)] ?? []),
  ],
  '4 bits': [{ bits: 4, palette, data: rows(4, indexed(16)) }, coloured(16)],
  '8 bits, a gap before the pixels': [{ bits: 8, palette, gap: 6, data: rows(8, indexed(16)) }, coloured(16)],
  '8 bits of OS/2': [
    {
      bits: 8,
      header: 12,
      palette: Array.from({ length: 256 }, (_, i) => palette[i % 16] ?? [0, 0, 0]),
      data: rows(8, indexed(16)),
    },
    coloured(16),
  ],
  '8 bits in runs': [
    {
      ...{ bits: 8, compression: 1, palette },
      // Each row: 20 of one, then 4 single ones, then its end; after the last the end of all.
      data: [...Array.from({ length: height }, (_, i) => [20, i % 16, 0, 4, 1, 2, 3, 4, 0, 0]).flat(), 0, 1],
    },
    map((x, y) => palette[x < 20 ? (height - 1 - y) % 16 : x - 19] ?? []),
  ],
  '4 bits in runs': [
    {
      ...{ bits: 4, compression: 2, palette },
      data: [
        ...Array.from({ length: height }, () => [19, 0x5a, 0, 5, 0x12, 0x34, 0x50, 0, 0, 0]).flat(),
        0,
        1,
      ],
    },
    map((x) => palette[x < 19 ? (x % 2 === 0 ? 5 : 10) : x - 18] ?? []),
  ],
  '16 bits': [
    {
      bits: 16,
      data: rows(16, (x, y) => {
        const [r, g, b] = colourAt(x, y);
        return ((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3);
      }),
    },
    colours.map(five),
  ],
  '16 bits, 6 of them green': [
    {
      bits: 16,
      compression: 3,
      masks: [0xf800, 0x7e0, 0x1f],
      data: rows(16, (x, y) => {
        const [r, g, b] = colourAt(x, y);
        return ((r >> 3) << 11) | ((g >> 2) << 5) | (b >> 3);
      }),
    },
    colours.map((value, i) => (i % 3 === 1 ? six(value) : five(value))),
  ],
  '24 bits': [{ bits: 24, data: rows(24, whole) }, colours],
  '24 bits from above': [{ bits: 24, height: -height, data: rows(24, whole, false) }, colours],
  '24 bits of OS/2': [{ bits: 24, header: 12, data: rows(24, whole) }, colours],
  '32 bits': [{ bits: 32, data: rows(32, whole) }, colours],
  '32 bits, of which one byte is unused': [
    { bits: 32, data: rows(32, (x, y) => whole(x, y) + 0x77000000) },
    colours,
  ],
  '32 bits in another order': [
    {
      bits: 32,
      compression: 3,
      masks: [0xff, 0xff00, 0xff0000],
      data: rows(32, (x, y) => {
        const [r, g, b] = colourAt(x, y);
        return r + g * 0x100 + b * 0x10000;
      }),
    },
    colours,
  ],
  '32 bits with alpha': [
    {
      bits: 32,
      header: 108,
      compression: 3,
      masks: [0xff0000, 0xff00, 0xff, 0xff000000],
      data: rows(32, (x, y) => whole(x, y) + alphaAt(x) * 0x1000000),
    },
    laid,
  ],
  '32 bits with alpha, but no masks for colours': [
    {
      ...{ bits: 32, header: 124, masks: [0, 0, 0, 0xff000000] },
      data: rows(32, (x, y) => whole(x, y) + alphaAt(x) * 0x1000000),
    },
    laid,
  ],
  '32 bits with alpha behind a short header': [
    {
      ...{ bits: 32, compression: 6, masks: [0xff0000, 0xff00, 0xff, 0xff000000] },
      data: rows(32, (x, y) => whole(x, y) + alphaAt(x) * 0x1000000),
    },
    laid,
  ],
};

/** Cyan, magenta, yellow and black as they are stored. */
async function inkOf(image: Sharp): Promise<Uint8Array> {
  return sharp(await image.toBuffer())
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw()
    .toBuffer();
}

/** Each ink and black leave a share of white. */
const seen = (inks: Uint8Array): Uint8Array =>
  map((x, y) => {
    const [c = 0, m = 0, yellow = 0, k = 0] = inks.subarray(4 * (y * width + x));
    return [c, m, yellow].map((ink) => Math.round(255 * (1 - ink / 255) * (1 - k / 255)));
  });

/** All files. */
export async function pictureFiles(): Promise<readonly PictureFile[]> {
  // sharp takes profiles from files only.
  const folder = await mkdtemp(join(tmpdir(), 'ort-train-profile-'));
  try {
    const profile = join(folder, 'adobe.icc');
    await writeFile(profile, adobeRgb);
    return await makeFiles(profile);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function makeFiles(adobe: string): Promise<readonly PictureFile[]> {
  const files: PictureFile[] = [];
  const add = async (
    name: string,
    picture: Sharp | Uint8Array,
    { expected = colours, near = 0, webNear = 2, ...size }: Partial<PictureFile> = {},
  ): Promise<void> => {
    const bytes = picture instanceof Uint8Array ? picture : await picture.toBuffer();
    files.push({ name, bytes, expected, near, webNear, height, width, ...size });
  };

  await add('colour.png', rgb().png());
  await add('interlaced.png', rgb().png({ progressive: true }));
  await add('alpha.png', rgba().png(), { expected: laid });
  await add(
    'grey.png',
    sharp(greys, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png(),
    { expected: greyColours },
  );
  await add('16 bits.png', rgb().toColourspace('rgb16').png());
  await add(
    '16 bits grey.png',
    sharp(greys, { raw: { width, height, channels: 1 } })
      .toColourspace('grey16')
      .png(),
    { expected: greyColours },
  );
  await add('16 bits alpha.png', rgba().toColourspace('rgb16').png(), { expected: laid, near: 1 });
  await add('palette.png', flats().png({ palette: true, colours: 4 }), { expected: flatLaid });
  await add('2 colours.png', flats().removeAlpha().png({ palette: true, colours: 2 }), {
    expected: map((x, y) => flat(x, y).slice(0, 3)),
  });
  // Through the profile and back, at 8 bits: a step of the wider space is up to 2 of sRGB's, and where sRGB ends, 3.
  for (const [profile, name] of [
    ['p3', 'p3'],
    [adobe, 'adobe'],
  ] as const) {
    await add(`${name}.png`, rgb().withIccProfile(profile).png(), { near: 3 });
    await add(`${name} 16 bits.png`, rgb().toColourspace('rgb16').withIccProfile(profile).png(), { near: 3 });
    await add(`${name}.webp`, rgb().withIccProfile(profile).webp({ lossless: true }), { near: 3 });
    await add(
      `${name}.jpg`,
      rgb().withIccProfile(profile).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }),
      { near: 6 },
    );
  }
  await add('colour.jpg', rgb().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }), { near: 4 });
  await add('progressive.jpg', rgb().jpeg({ quality: 100, chromaSubsampling: '4:4:4', progressive: true }), {
    near: 4,
  });
  // Half the resolution for colours blurs the corner's edges.
  await add('half colour.jpg', rgb().jpeg({ quality: 90, chromaSubsampling: '4:2:0' }), { near: 75 });
  await add(
    'grey.jpg',
    sharp(greys, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .jpeg({ quality: 100 }),
    { expected: greyColours, near: 2 },
  );
  for (let orientation = 1; orientation <= 8; orientation++) {
    const exif = { ...turned(orientation) };
    await add(
      `turned ${orientation}.jpg`,
      rgb().withMetadata({ orientation }).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }),
      { ...exif, near: 4 },
    );
    await add(
      `turned ${orientation}.webp`,
      rgb().withMetadata({ orientation }).webp({ lossless: true }),
      exif,
    );
    await add(`turned ${orientation}.png`, rgb().withMetadata({ orientation }).png(), exif);
    await add(
      `turned ${orientation}.tiff`,
      rgb().withMetadata({ orientation }).tiff({ compression: 'lzw' }),
      exif,
    );
  }
  const inks = (): Sharp => rgb().toColourspace('cmyk');
  const full = { quality: 100, chromaSubsampling: '4:4:4' };
  await add('inks.jpg', inks().jpeg(full), { expected: seen(await inkOf(inks().jpeg(full))) });
  // A printer's inks do not reach all colours. Browsers interpolate the profile's table differently, and clip otherwise
  // what lies outside of sRGB: up to 40 in a dark corner, 7 in the mean.
  await add('inks with a profile.jpg', inks().withIccProfile('cmyk').jpeg(full), { near: 60, webNear: 48 });
  await add('colour.webp', rgb().webp({ lossless: true }));
  await add('lossy.webp', rgb().webp({ quality: 90 }), { near: 75 });
  await add('alpha.webp', rgba().webp({ lossless: true, exact: true }), { expected: laid });
  await add('animated.webp', (await two()).webp({ lossless: true }));
  await add('transparent.gif', flats().gif({ dither: 0 }), { expected: flatLaid });
  await add('animated.gif', (await two()).gif({ dither: 0 }), { near: 12 });
  await add('colour.avif', rgb().avif({ lossless: true }), { near: 2 });
  // Chromium 156 takes the alpha of any AVIF as 16..235 and stretches it; sharp's and Pillow's decoders take it as 0..255.
  await add('alpha.avif', rgba().avif({ lossless: true }), { expected: laid, near: 2, webNear: 16 });
  await add('10 bits.avif', rgb().avif({ quality: 95, bitdepth: 10, chromaSubsampling: '4:4:4' }), {
    near: 12,
  });
  await add('turned.avif', rgb().withMetadata({ orientation: 6 }).avif({ lossless: true }), {
    ...turned(6),
    near: 2,
  });
  await add('colour.tiff', rgb().tiff({ compression: 'none' }));
  await add('packed.tiff', rgb().tiff({ compression: 'lzw' }));
  await add('alpha.tiff', rgba().tiff({ compression: 'lzw' }), { expected: laid });
  await add('16 bits.tiff', rgb().toColourspace('rgb16').tiff({ compression: 'lzw' }));
  await add(
    'p3 16 bits.tiff',
    rgb().toColourspace('rgb16').withIccProfile('p3').tiff({ compression: 'lzw' }),
    { near: 3 },
  );
  for (const [name, [parts, expected]] of Object.entries(bitmaps)) {
    await add(`${name}.bmp`, encodeBmp({ width, height, ...parts }), { expected });
  }
  return files;
}

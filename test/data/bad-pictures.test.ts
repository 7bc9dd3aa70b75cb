import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resourceUsage } from 'node:process';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../src/data/image-node.js';
import { imageKind } from '../../src/data/image-kind.js';
import { DataError } from '../../src/errors.js';
import { hasShared, sharedPath } from '../helpers/shared.js';
import { encodeBmp } from './bmp-encode.js';
import { tempFolder } from './helpers.js';

const refuses = async (bytes: Uint8Array, message: RegExp, where = 'a.png'): Promise<void> => {
  const decoding = decodePicture(bytes, { channels: 3, where });
  await expect(decoding).rejects.toThrow(DataError);
  await expect(decoding).rejects.toThrow(message);
};
const bytesOf = (...parts: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  );

/** A big-endian number of 4 bytes. */
const u32 = (value: number): readonly number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
/** The first bytes of a PNG; its checksums are wrong, which nobody sees before the size. */
const pngStart = (width: number, height: number): Buffer =>
  bytesOf(
    '\x89PNG\r\n\x1a\n',
    u32(13),
    'IHDR',
    u32(width),
    u32(height),
    [8, 2, 0, 0, 0],
    u32(0),
    new Array<number>(200).fill(7),
  );

describe('a file that is no image is named, with what it is', () => {
  it.each<readonly [string, Uint8Array, RegExp]>([
    [
      'empty',
      new Uint8Array(0),
      /^a\.png: expected an image \(PNG, JPEG, WebP, GIF, AVIF, TIFF, BMP or SVG\), got an empty file$/,
    ],
    ['text', Buffer.from('no image at all\n'), /^a\.png: expected an image \(.*\), got text$/],
    [
      'a web page',
      Buffer.from('\n<!DOCTYPE html><html>404'),
      /got a web page, as a failed download leaves it$/,
    ],
    [
      'a pointer of Git LFS',
      Buffer.from('version https://git-lfs.github.com/spec/v1\n'),
      /got a pointer of Git LFS/,
    ],
    [
      'a photo of an iPhone',
      bytesOf(u32(24), 'ftypheic', u32(0), 'mif1heic'),
      /got an HEIC photo; save it as PNG or JPEG first/,
    ],
    [
      'another of its brands',
      bytesOf(u32(24), 'ftypmif1', u32(0), 'mif1heic'),
      /got an HEIC photo; save it as PNG or JPEG first/,
    ],
    [
      'a Photoshop document',
      bytesOf('8BPS', [0, 1]),
      /got a Photoshop document \(PSD\); save it as PNG or JPEG first$/,
    ],
    ['a PDF', bytesOf('%PDF-1.7'), /got a PDF document; save its pages as PNG or JPEG first$/],
    ['JPEG XL', bytesOf([255, 10, 1, 2, 3]), /got a JPEG XL image; save it as PNG or JPEG first$/],
    ['a film', bytesOf(u32(24), 'ftypisom', u32(0)), /got a film/],
    [
      "Canon's raw file",
      bytesOf('II*\0', u32(16), 'CR', [2, 0]),
      /got a camera's raw file \(CR2\); save it as PNG or JPEG first$/,
    ],
    ['bytes', bytesOf([1, 2, 3, 4, 5, 6]), /got a file of another kind$/],
  ])('%s', async (_, bytes, message) => {
    await refuses(bytes, message);
  });

  it('but AVIF is known also under the general brand of its family', () => {
    const general = bytesOf(u32(28), 'ftypmif1', u32(0), 'mif1miafavif');
    expect(imageKind(general)).toEqual({ kind: 'AVIF' });
  });

  it("a camera's raw file that only its name tells from TIFF", async () => {
    const tiff = bytesOf('MM\0*', u32(8));
    await refuses(tiff, /^b\.NEF: .* got a camera's raw file; save it as PNG or JPEG first$/, 'b.NEF');
  });

  it('a file that cannot be read', async () => {
    const folder = await tempFolder();
    await expect(decodePicture(join(folder, 'none.png'), { channels: 3 })).rejects.toThrow(
      /none\.png: expected an image, but the file cannot be read: ENOENT/,
    );
    await expect(decodePicture(folder, { channels: 3 })).rejects.toThrow(/cannot be read: EISDIR/);
  });

  it('by its path, unless it has another name', async () => {
    const path = join(await tempFolder(), 'text.png');
    await writeFile(path, 'text');
    await expect(decodePicture(path, { channels: 1 })).rejects.toThrow(`${path}: expected an image`);
    await expect(decodePicture(path, { channels: 1, where: 'b.tar: x.png' })).rejects.toThrow(
      /^b\.tar: x\.png: expected an image/,
    );
    await expect(decodePicture(Buffer.from('text'), { channels: 1 })).rejects.toThrow(/^image of 4 bytes: /);
  });
});

const side = 64;
const noise = Uint8Array.from({ length: side * side * 3 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);
const noisy = sharp(noise, { raw: { width: side, height: side, channels: 3 } });
const formats = ['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const;
const whole = new Map<string, Uint8Array>(
  await Promise.all(
    formats.map(async (format) => [format, await noisy.clone().toFormat(format).toBuffer()] as const),
  ),
);
whole.set('bmp', encodeBmp({ width: side, height: side, bits: 24, data: [...noise] }));

describe('a damaged file is named', () => {
  it.each([...whole])('%s, cut', async (_, bytes) => {
    expect((await decodePicture(bytes, { channels: 3 })).data).toHaveLength(noise.length);
    for (const share of [0.05, 0.3, 0.5, 0.7, 0.9]) {
      const cut = bytes.subarray(0, Math.floor(bytes.length * share));
      await refuses(cut, /^a\.png: expected an image, but this \w+ is damaged or cut off: ./);
    }
    // All that is left is what tells the format.
    await refuses(bytes.subarray(0, 12), /^a\.png: expected an image/);
  });

  it('PNG with wrong bytes in its pixels', async () => {
    const bytes = Uint8Array.from(whole.get('png') ?? []);
    bytes.fill(0x55, 2000, 2100);
    await refuses(bytes, /but this PNG is damaged or cut off/);
  });

  it.each([...whole])('%s with any bytes changed gives a picture or this error', async (_, bytes) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        async (changes) => {
          const changed = Uint8Array.from(bytes);
          // Half of them in the first bytes, where the header is.
          for (const [i, [at, value]] of changes.entries()) changed[i % 2 === 0 ? at % 64 : at] = value;
          const picture = await decodePicture(changed, { channels: 1 }).catch((error: unknown) => error);
          if (picture instanceof DataError) return;
          expect(picture).not.toBeInstanceOf(Error);
          const { data, height, width } = picture as { data: Uint8Array; height: number; width: number };
          expect(data).toHaveLength(height * width);
        },
      ),
      { seed: 17, numRuns: 30 },
    );
  });
});

describe('a file that claims too much is refused by its header', () => {
  /** What decoding added to the most memory that this process has ever had, in MB. */
  const memory = async (decode: () => Promise<void>): Promise<number> => {
    const before = resourceUsage().maxRSS;
    await decode();
    return (resourceUsage().maxRSS - before) / 1024;
  };

  it
    .skipIf(!hasShared('faults'))
    .each(['bomb-progressive-header.jpg', 'bomb16383.webp', 'bomb16383-rgba.png', 'png-1665-bytes.png'])(
    '%s',
    async (name) => {
      const bytes = await readFile(sharedPath('faults', name));
      // Decoded they take 800 MB and more.
      const more = await memory(() => refuses(bytes, /million pixels|cannot hold the/, name));
      expect(more).toBeLessThan(100);
    },
  );

  it('more than 100 million pixels', async () => {
    await refuses(
      pngStart(20000, 6000),
      /^a\.png: expected at most 100 million pixels, got 6000x20000 \(height x width\); scale it down first$/,
    );
    const gif = bytesOf('GIF89a', [0xff, 0xff, 0xff, 0xff, 0, 0, 0]);
    await refuses(gif, /at most 100 million pixels, got 65535x65535/);
    const bmp = encodeBmp({ width: 30000, height: -30000, bits: 8, data: [] });
    await refuses(bmp, /at most 100 million pixels, got 30000x30000/);
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="20000" height="20000"/>');
    await refuses(svg, /at most 100 million pixels, got 20000x20000/);
    const tiff = Buffer.from(whole.get('tiff') ?? []);
    // The entries of its folder have 12 bytes: tag, type, count, value. 256 is the width, 257 the height.
    const folder = tiff.readUInt32LE(4);
    for (let at = folder + 2; at < folder + 26; at += 12) {
      const tag = tiff.readUInt16LE(at);
      if (tag === 256 || tag === 257) tiff.writeUInt16LE(tag === 256 ? 20000 : 5001, at + 8);
    }
    await refuses(tiff, /at most 100 million pixels, got 5001x20000/);
  });

  it('more than its bytes can hold', async () => {
    await refuses(
      pngStart(9000, 9000),
      /^a\.png: expected an image, but the 233 bytes of this PNG cannot hold the 9000x9000 pixels that its header claims: it is damaged or cut off$/,
    );
    const jpeg = Buffer.from(whole.get('jpeg') ?? []);
    const frame = jpeg.indexOf(Buffer.of(0xff, 0xc0));
    jpeg.writeUInt16BE(9000, frame + 5);
    jpeg.writeUInt16BE(9000, frame + 7);
    await refuses(jpeg, /this JPEG cannot hold the 9000x9000 pixels/);
    await refuses(encodeBmp({ width: 9000, height: 9000, bits: 24, data: [1, 2, 3] }), /it is cut off/);
  });

  it('but not the emptiest pictures that there are', async () => {
    const blank = sharp({ create: { width: 1024, height: 1024, channels: 3, background: '#808080' } });
    const files = await Promise.all([
      blank.clone().jpeg({ quality: 1, progressive: true, mozjpeg: true }).toBuffer(),
      blank.clone().toColourspace('b-w').jpeg({ quality: 1 }).toBuffer(),
      blank.clone().png({ palette: true, colours: 2, compressionLevel: 9 }).toBuffer(),
      blank.clone().toColourspace('b-w').threshold().png({ palette: true, colours: 2 }).toBuffer(),
    ]);
    for (const file of files) {
      expect(await decodePicture(file, { channels: 1 })).toMatchObject({ height: 1024, width: 1024 });
    }
  });

  it('nothing', async () => {
    await refuses(
      pngStart(0, 5),
      /^a\.png: expected an image with pixels, got a PNG of 5x0 \(height x width\)$/,
    );
    await refuses(bytesOf('GIF89a', [0, 0, 9, 0, 0, 0, 0]), /got a GIF of 9x0/);
    await refuses(encodeBmp({ width: -3, height: 2, bits: 24, data: [] }), /got a BMP of 2x-3/);
  });

  it('of samples that are no whole numbers', async () => {
    const tiff = await noisy.clone().toColourspace('scrgb').tiff({ compression: 'none' }).toBuffer();
    await refuses(tiff, /^a\.png: expected samples of 8 or 16 bits, got float; save it as PNG first$/);
  });
});

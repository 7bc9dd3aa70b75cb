import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/data/image-node.js';
import { DataError, OptionError } from '../../src/errors.js';
import { tempFolder } from './helpers.js';

/** Pixels [4, 3, channels], each of another value. */
const pixels = (channels: number): Uint8Array =>
  Uint8Array.from({ length: 12 * channels }, (_, i) => (i * 37 + 5) % 256);
const image = (channels: 1 | 2 | 3 | 4): Sharp =>
  sharp(pixels(channels), { raw: { width: 3, height: 4, channels } });
const size = { height: 4, width: 3 };

/** [h, w, c] -> [c, h, w]. */
const planes = (interleaved: Uint8Array): Uint8Array =>
  Uint8Array.from(interleaved, (_, i) => interleaved[(i % 12) * 3 + Math.floor(i / 12)] ?? 0);

describe('decodeImage', () => {
  it('reads grey pixels as they are', async () => {
    const png = await image(1).toColourspace('b-w').png().toBuffer();
    expect(await decodeImage(png, { ...size, channels: 1 })).toEqual(pixels(1));
    const inverted = await decodeImage(png, { ...size, channels: 1, invert: true });
    expect(inverted).toEqual(pixels(1).map((pixel) => 255 - pixel));
  });

  it('reads colours as planes, from a path and from bytes', async () => {
    const png = await image(3).png().toBuffer();
    const path = join(await tempFolder(), 'a.png');
    await writeFile(path, png);
    expect(await decodeImage(path, { ...size, channels: 3 })).toEqual(planes(pixels(3)));
    expect(await decodeImage(Uint8Array.from(png), { ...size, channels: 3 })).toEqual(planes(pixels(3)));
  });

  it('makes three planes of grey, and grey of three planes', async () => {
    const grey = await image(1).toColourspace('b-w').png().toBuffer();
    const three = await decodeImage(grey, { ...size, channels: 3 });
    expect(three).toEqual(Uint8Array.of(...pixels(1), ...pixels(1), ...pixels(1)));

    const onePixel = async (rgb: readonly number[]): Promise<number | undefined> => {
      const png = await sharp(Uint8Array.from(rgb), { raw: { width: 1, height: 1, channels: 3 } })
        .png()
        .toBuffer();
      return (await decodeImage(png, { channels: 1, height: 1, width: 1 }))[0];
    };
    for (const level of [0, 1, 100, 254, 255]) expect(await onePixel([level, level, level])).toBe(level);
    // Green is seen as the brightest, blue as the darkest.
    const [red = 0, green = 0, blue = 0] = [
      await onePixel([255, 0, 0]),
      await onePixel([0, 255, 0]),
      await onePixel([0, 0, 255]),
    ];
    expect(green).toBeGreaterThan(red);
    expect(red).toBeGreaterThan(blue);
    expect(blue).toBeGreaterThan(0);
  });

  it('lays light ink on black', async () => {
    const half = Uint8Array.of(200, 150, 50, 255, 200, 150, 50, 0);
    const png = await sharp(half, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    const decoded = await decodeImage(png, { channels: 3, height: 1, width: 2 });
    expect([...decoded]).toEqual([200, 0, 150, 0, 50, 0]);
    const grey = await sharp(Uint8Array.of(200, 255, 200, 0), { raw: { width: 2, height: 1, channels: 2 } })
      .png()
      .toBuffer();
    expect([...(await decodeImage(grey, { channels: 1, height: 1, width: 2 }))]).toEqual([200, 0]);
  });

  it('makes 8 bits of 16', async () => {
    const deep = await sharp(Uint8Array.of(0, 128, 255), { raw: { width: 3, height: 1, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect([...(await decodeImage(deep, { channels: 1, height: 1, width: 3 }))]).toEqual([0, 128, 255]);
  });

  it('turns a photo as the camera says', async () => {
    // Orientation 6: the first row is the right edge.
    const jpeg = await sharp(
      Uint8Array.of(...new Array<number>(8).fill(0), ...new Array<number>(8).fill(255)),
      {
        raw: { width: 8, height: 2, channels: 1 },
      },
    )
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100 })
      .toBuffer();
    const decoded = await decodeImage(jpeg, { channels: 1, height: 8, width: 2 });
    // JPEG is lossy, but black and white stay far apart.
    for (let row = 0; row < 8; row++) {
      expect(decoded[2 * row]).toBeGreaterThan(200);
      expect(decoded[2 * row + 1]).toBeLessThan(55);
    }
  });

  it('resizes when asked to', async () => {
    const png = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#646464' } })
      .png()
      .toBuffer();
    const decoded = await decodeImage(png, { channels: 1, height: 28, width: 28, resize: true });
    expect(decoded).toEqual(new Uint8Array(784).fill(100));
  });
});

describe('decodeImage refuses', () => {
  const refuses = async (input: string | Uint8Array, message: RegExp): Promise<void> => {
    const decoding = decodeImage(input, { ...size, channels: 1 });
    await expect(decoding).rejects.toThrow(DataError);
    await expect(decoding).rejects.toThrow(message);
  };

  it('an image of another size, and says how to go on', async () => {
    const png = await sharp({ create: { width: 30, height: 20, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    await refuses(
      png,
      /expected an image of 4x3 \(height x width\), got 20x30; resize it first, or .*`resize`$/,
    );
  });

  it('a file that is not there, or a folder', async () => {
    const folder = await tempFolder();
    await refuses(
      join(folder, 'none.png'),
      /none\.png: expected an image, but the file cannot be read: ENOENT/,
    );
    await refuses(folder, /cannot be read: EISDIR/);
  });

  it('a file that is no image', async () => {
    const path = join(await tempFolder(), 'text.png');
    await writeFile(path, 'no image at all');
    await refuses(path, /text\.png: expected an image \(PNG, .*\), got text$/);
    await refuses(new Uint8Array(0), /image of 0 bytes: expected an image .* got an empty file$/);
  });

  it.each(['png', 'jpeg', 'webp', 'gif', 'tiff'] as const)('a cut %s file', async (format) => {
    const noise = Uint8Array.from({ length: 64 * 64 }, (_, i) => (i * i * 31) % 251);
    const whole = await sharp(noise, { raw: { width: 64, height: 64, channels: 1 } })
      .toFormat(format)
      .toBuffer();
    const options = { channels: 1, height: 64, width: 64 };
    expect(await decodeImage(whole, options)).toHaveLength(4096);
    for (const part of [0.05, 0.5, 0.9]) {
      const cut = decodeImage(whole.subarray(0, Math.floor(whole.length * part)), options);
      await expect(cut, `${part}`).rejects.toThrow(DataError);
    }
  });

  it.each([
    [{ channels: 2 }, 'channels: expected 1 or 3, got 2'],
    [{ height: 0 }, 'height: expected a whole number of at least 1, got 0'],
    [{ width: 2.5 }, 'width: expected a whole number of at least 1, got 2.5'],
  ])('the options %j', async (wrong, message) => {
    const decoding = decodeImage(new Uint8Array(0), { ...size, channels: 1, ...wrong });
    await expect(decoding).rejects.toThrow(OptionError);
    await expect(decoding).rejects.toThrow(message);
  });
});

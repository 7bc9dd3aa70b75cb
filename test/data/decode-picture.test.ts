import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../src/data/image-node.js';
import { OptionError } from '../../src/errors.js';
import { tempFolder } from './helpers.js';
import { background, colours, height, pictureFiles, width } from './picture-files.js';

const files = await pictureFiles();

/** The largest difference. */
const distance = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Infinity))), 0);

/** A PNG of one row. */
const row = (channels: 2 | 3 | 4, ...samples: readonly number[]): Promise<Buffer> =>
  sharp(Uint8Array.from(samples), { raw: { width: samples.length / channels, height: 1, channels } })
    .png()
    .toBuffer();

describe('decodePicture shows', () => {
  it.each(files.map((file) => [file.name, file] as const))('%s', async (_, file) => {
    const { bytes, expected, near, ...size } = file;
    const picture = await decodePicture(bytes, { channels: 3, background });
    expect(picture).toMatchObject({ channels: 3, height: size.height, width: size.width });
    expect(picture.data).toHaveLength(expected.length);
    expect(distance(picture.data, expected)).toBeLessThanOrEqual(near);
  });

  it('a file of any name', async () => {
    const folder = await tempFolder();
    const png = await sharp(colours, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    for (const name of [
      '--help.png',
      'ein Bild mit Umläuten.png',
      '日本 #1%20?.png',
      'of another kind.jpg',
      'none',
    ]) {
      await writeFile(join(folder, name), png);
      const picture = await decodePicture(join(folder, name), { channels: 3 });
      expect(picture, name).toEqual({ data: colours, channels: 3, height, width });
    }
  });
});

describe('grey', () => {
  it("has ITU-R 601's weights, as Pillow's convert('L')", async () => {
    // Image.new('RGB', (1, 1), colour).convert('L').getpixel((0, 0)) of Pillow 13.
    const known = [
      [[255, 0, 0], 76],
      [[0, 255, 0], 150],
      [[0, 0, 255], 29],
      [[255, 255, 255], 255],
      [[1, 1, 1], 1],
      [[200, 100, 50], 124],
      [[12, 34, 56], 30],
      [[250, 3, 180], 97],
    ] as const;
    const png = await row(3, ...known.flatMap(([colour]) => colour));
    const { data } = await decodePicture(png, { channels: 1 });
    expect([...data]).toEqual(known.map(([, grey]) => grey));
  });

  it('is computed of the colours that transparent ones have become', async () => {
    const png = await row(4, 200, 100, 50, 255, 200, 100, 50, 0);
    const { data } = await decodePicture(png, { channels: 1, background: '#0000ff' });
    expect([...data]).toEqual([124, 29]);
  });
});

describe('what is transparent lies', () => {
  const laid = async (bytes: Uint8Array): Promise<readonly [string | undefined, readonly number[]]> => {
    const { background: said, data } = await decodePicture(bytes, { channels: 1 });
    return [said, [...data]];
  };

  it('on white behind dark strokes, on black behind light ones, and says so', async () => {
    expect(await laid(await row(2, 0, 255, 0, 0, 0, 51))).toEqual(['#ffffff', [0, 255, 204]]);
    expect(await laid(await row(2, 255, 255, 255, 0, 255, 51))).toEqual(['#000000', [255, 0, 51]]);
    // The mean counts by what is seen: an opaque 127 is dark; light at a fifth of its strength does not outweigh it.
    expect((await laid(await row(2, 127, 255, 0, 0)))[0]).toBe('#ffffff');
    expect((await laid(await row(2, 128, 255, 0, 0)))[0]).toBe('#000000');
    expect((await laid(await row(2, 100, 255, 200, 51)))[0]).toBe('#ffffff');
    expect((await laid(await row(2, 100, 255, 200, 250)))[0]).toBe('#000000');
  });

  it('on black where nothing is seen', async () => {
    expect(await laid(await row(2, 77, 0, 9, 0))).toEqual(['#000000', [0, 0]]);
  });

  it('on nothing where nothing is transparent', async () => {
    const png = await row(4, 1, 2, 3, 255);
    expect(await decodePicture(png, { channels: 3, background })).toEqual({
      ...{ data: Uint8Array.of(1, 2, 3), channels: 3, height: 1, width: 1 },
    });
  });

  it('on the colour that is asked for', async () => {
    const png = await row(4, 0, 0, 0, 0);
    const picture = await decodePicture(png, { channels: 3, background: '#0A64c8' });
    expect(picture).toMatchObject({ data: Uint8Array.of(10, 100, 200), background: '#0A64c8' });
    for (const wrong of ['white', '#fff', '#12345', '#1234567', '']) {
      const decoding = decodePicture(png, { channels: 3, background: wrong });
      await expect(decoding).rejects.toThrow(OptionError);
      await expect(decoding).rejects.toThrow(`background: expected a colour such as #ffffff, got ${wrong}`);
    }
  });
});

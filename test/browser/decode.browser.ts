import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodePicture, type DecodePictureOptions } from '../../src/index.js';
import { encodeBmp } from '../data/bmp-encode.js';
import { background, pictureFiles } from '../data/picture-files.js';
import { pageForTests } from './helpers/file-setup.js';
import type { DecodeInput, DecodeOutput } from './modules/decode-picture.js';

const opened = pageForTests();

interface Asked {
  readonly bytes: Uint8Array;
  readonly options: DecodePictureOptions;
}

function inBrowser(files: readonly Asked[]): Promise<readonly DecodeOutput[]> {
  const asked = files.map(({ bytes, options }): DecodeInput => ({
    bytes: Buffer.from(bytes).toString('base64'),
    options,
  }));
  return opened.page.run<readonly DecodeOutput[]>('decode-picture.ts', asked);
}

/** The largest difference between Node's picture of a file and the browser's. */
async function difference({ bytes, options }: Asked, output: DecodeOutput | undefined): Promise<number> {
  const { data, height, width, background: said } = await decodePicture(bytes, options);
  expect(output).toMatchObject({ height, width });
  expect(output?.background).toBe(said);
  const pixels = Buffer.from(output?.data ?? '', 'base64');
  expect(pixels).toHaveLength(data.length);
  return data.reduce((most, value, i) => Math.max(most, Math.abs(value - (pixels[i] ?? Infinity))), 0);
}

describe('a browser decodes', () => {
  test('each kind of file as Node does', async () => {
    const files = (await pictureFiles()).filter(({ name }) => !name.endsWith('.tiff'));
    for (const channels of [3, 1] as const) {
      const asked = files.map(({ name, bytes }) => ({
        bytes,
        options: { channels, background, where: name },
      }));
      const outputs = await inBrowser(asked);
      for (const [i, { name, webNear }] of files.entries()) {
        const each = asked[i];
        if (each === undefined) throw new Error('a file is missing');
        expect(outputs[i]?.error, name).toBeUndefined();
        expect(await difference(each, outputs[i]), `${name}, ${channels} channels`).toBeLessThanOrEqual(
          webNear,
        );
      }
    }
  });

  test('JPEGs of all samplings and of sides that are no multiples of their blocks', async () => {
    const [width, height] = [53, 37];
    const noise = Uint8Array.from(
      { length: 3 * width * height },
      (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24,
    );
    const files = await Promise.all(
      ['4:2:0', '4:4:4'].flatMap((chromaSubsampling) =>
        [30, 75, 95].flatMap((quality) =>
          [true, false].map(async (progressive): Promise<Asked> => {
            const image = sharp(noise, { raw: { width, height, channels: 3 } });
            const bytes = await image.jpeg({ chromaSubsampling, quality, progressive }).toBuffer();
            return { bytes, options: { channels: 3 } };
          }),
        ),
      ),
    );
    const outputs = await inBrowser(files);
    for (const [i, file] of files.entries()) {
      // JPEG leaves to decoders the rounding of the transform, and how colours of half the resolution are enlarged. Node's
      // and Chromium's are of one family (libjpeg-turbo) and give the same even for noise; 2 as for other formats.
      expect(await difference(file, outputs[i])).toBeLessThanOrEqual(2);
    }
  });

  test('what is transparent onto what contrasts with it', async () => {
    const dots = (value: number): Promise<Buffer> =>
      sharp(Uint8Array.of(value, 255, 0, 0, value, 51), { raw: { width: 3, height: 1, channels: 2 } })
        .png()
        .toBuffer();
    const files = [0, 100, 150, 255].map(async (value) => ({
      bytes: await dots(value),
      options: { channels: 1 } as const,
    }));
    const outputs = await inBrowser(await Promise.all(files));
    expect(outputs.map((output) => output.background)).toEqual(['#ffffff', '#ffffff', '#000000', '#000000']);
    const shown = outputs.map(({ data = '' }) => [...Buffer.from(data, 'base64')]);
    expect(shown[0]).toEqual([0, 255, 204]);
    expect(shown[3]).toEqual([255, 0, 51]);
  });
});

describe('a browser refuses', () => {
  const refused = async (bytes: Uint8Array, where = 'a.png'): Promise<string | undefined> =>
    (await inBrowser([{ bytes, options: { channels: 3, where } }]))[0]?.error;

  test('what is no image, in the words of Node', async () => {
    const wrongs = [
      new Uint8Array(0),
      Buffer.from('text'),
      Buffer.from('%PDF-1.7'),
      Buffer.from('8BPS\0\x01'),
      Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
      Buffer.from('GIF89a\xff\xff\xff\xff\0\0\0', 'latin1'),
      Buffer.from('GIF89a\0\0\0\0\0\0\0', 'latin1'),
    ];
    for (const bytes of wrongs) {
      const inNode: unknown = await decodePicture(bytes, { channels: 3, where: 'a.png' }).catch(
        (error: unknown) => error,
      );
      // The list of formats differs: Node has TIFF and SVG.
      expect(await refused(bytes)).toBe(String(inNode).replace(', TIFF, BMP or SVG', ' or BMP'));
    }
  });

  test('TIFF, as it has no decoder for it', async () => {
    const tiff = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .tiff()
      .toBuffer();
    expect(await refused(tiff, 'a.tiff')).toMatch(
      /^DataError: a\.tiff: expected an image \(PNG, JPEG, WebP, GIF, AVIF or BMP\), got TIFF, which this browser does not read; save it as PNG or JPEG first/,
    );
  });

  test('files that are cut off', async () => {
    const side = 64;
    const noise = Uint8Array.from({ length: 3 * side * side }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);
    const image = sharp(noise, { raw: { width: side, height: side, channels: 3 } });
    for (const format of ['png', 'jpeg', 'webp', 'gif', 'avif', 'bmp'] as const) {
      const bytes =
        format === 'bmp'
          ? encodeBmp({ width: side, height: side, bits: 24, data: [...noise] })
          : await image.clone().toFormat(format).toBuffer();
      for (const share of [0.3, 0.5, 0.9]) {
        expect(await refused(bytes.subarray(0, bytes.length * share)), `${share} of ${format}`).toMatch(
          /^DataError: a\.png: expected an image, but this \w+ is damaged or cut off: /,
        );
      }
    }
  });
});

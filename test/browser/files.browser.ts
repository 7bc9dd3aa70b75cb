import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeImage, embeddedDigits } from '../../src/index.js';
import { encodeIdxImages, encodeIdxLabels } from '../helpers/idx-encode.js';
import { idxFileNames, idxRoles } from '../../src/data/idx-files.js';
import { cifarArchive, cifarFiles, records } from '../data/cifar-helpers.js';
import { smallFiles, smallSet } from '../data/helpers.js';
import { pageForTests } from './helpers/file-setup.js';
import type { OpenFilesInput, OpenFilesOutput } from './modules/open-files.js';

const opened = pageForTests();

type Files = Readonly<Record<string, Uint8Array>>;

function open(files: Files, more: Omit<OpenFilesInput, 'files'> = {}): Promise<OpenFilesOutput> {
  const listed = Object.entries(files).map(([path, bytes]) => ({
    path,
    bytes: Buffer.from(bytes).toString('base64'),
  }));
  return opened.page.run<OpenFilesOutput>('open-files.ts', {
    files: listed,
    ...more,
  } satisfies OpenFilesInput);
}

/** The four small IDX files under the names of a variant, see `idxFileNames`. */
function idx(variant: 0 | 2, folder = '', changed: Files = {}): Files {
  const files = smallFiles();
  return Object.fromEntries(
    idxRoles.map((role) => {
      const name = idxFileNames(role)[variant];
      const bytes = changed[role] ?? files[role];
      return [`${folder}${name}`, variant === 0 ? gzipSync(bytes) : bytes];
    }),
  );
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

describe('dropped files', () => {
  test.each<readonly [string, Files, string]>([
    ['four IDX files', idx(2), 'files/train'],
    ['four of them packed, in a folder in a folder', idx(0, 'data/clothes/'), 'clothes/train'],
    ['with what systems leave behind', { ...idx(2, 'a/'), 'a/.DS_Store': new Uint8Array(1) }, 'a/train'],
  ])('%s are MNIST', async (_, files, name) => {
    const { split } = await open(files);
    const { images, labels } = smallSet(5);
    expect(split).toMatchObject({ name, shape: [1, 4, 3], counts: [5, 3], labels: Array.from(labels) });
    expect(split?.images).toBe(base64(images));
  });

  test.each<readonly [string, Files, readonly [number, number]]>([
    ['the archive', { 'cifar-10-binary.tar.gz': cifarArchive('cifar10') }, [10, 3]],
    ['the files', cifarFiles('cifar100'), [2, 3]],
    [
      "the archive's folder",
      Object.fromEntries(
        Object.entries(cifarFiles('cifar10')).map(([name, bytes]) => [
          `x/cifar-10-batches-bin/${name}`,
          bytes,
        ]),
      ),
      [10, 3],
    ],
  ])('%s of CIFAR', async (_, files, counts) => {
    const { split } = await open(files);
    expect(split).toMatchObject({ shape: [3, 32, 32], counts });
    expect(split?.images.slice(0, 100)).toBe(base64(records('cifar10', 1).subarray(1, 1000)).slice(0, 100));
  });
});

describe('dropped images', () => {
  /** Noise that is darker for some classes. */
  const picture = (seed: number, channels: 1 | 3 = 3, side = 8) =>
    sharp(
      Uint8Array.from(
        { length: side * side * channels },
        (_, i) => (i * 37 + seed * 91 + ((i * i) % 13)) % 256,
      ),
      { raw: { width: side, height: side, channels } },
    );

  test('have the classes of their folders and the pixels that Node reads', async () => {
    const files: Record<string, Uint8Array> = {};
    for (const [half, count] of [
      ['train', 2],
      ['test', 1],
    ] as const) {
      for (const label of ['10', '9', 'x']) {
        for (let i = 0; i < count; i++) {
          files[`set/${half}/${label}/${i}.png`] = await picture(i + label.length)
            .png()
            .toBuffer();
        }
      }
    }
    const { split } = await open(files, { options: { imageSize: 8 } });
    expect(split).toMatchObject({
      name: 'set/train',
      classes: ['9', '10', 'x'],
      shape: [3, 8, 8],
      counts: [6, 3],
    });
    const expected = await Promise.all(
      split?.labels.map((label, i) => {
        const name = `set/train/${['9', '10', 'x'][label] ?? ''}/${i % 2}.png`;
        return decodeImage(files[name] ?? new Uint8Array(), { channels: 3, height: 8, width: 8 });
      }) ?? [],
    );
    expect(new Set(split?.labels)).toEqual(new Set([0, 1, 2]));
    expect(split?.images).toBe(base64(Buffer.concat(expected)));
  });

  test('without folders have the classes of their names, and a share of each to test with', async () => {
    const files: Record<string, Uint8Array> = {};
    for (const [i, name] of ['cat_1', 'cat 2', 'cat3', 'dog-1', 'dog(2)', 'dog.3'].entries()) {
      files[`pets/${name}.jpg`] = await picture(i, 1, 20)
        .toColourspace('b-w')
        .jpeg({ quality: 100 })
        .toBuffer();
    }
    const options = { imageSize: 10, valSplit: 0.4 } as const;
    const { split } = await open(files, { options });
    expect(split).toMatchObject({
      name: 'pets/train',
      classes: ['cat', 'dog'],
      shape: [1, 10, 10],
      counts: [4, 2],
    });
    expect(await open(files, { options })).toEqual({ split });
  });
});

describe('wrong files are an error that names them', () => {
  const packed = gzipSync(smallFiles()['t10k-labels']);
  const png = sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } });
  const noise = sharp(
    Uint8Array.from({ length: 64 * 64 }, (_, i) => (i * i * 31) % 251),
    {
      raw: { width: 64, height: 64, channels: 1 },
    },
  );
  const cut = async (format: 'png' | 'jpeg' | 'webp', part = 0.5): Promise<Uint8Array> => {
    const whole = await noise.clone().toFormat(format).toBuffer();
    return whole.subarray(0, Math.floor(whole.length * part));
  };

  type Case = readonly [
    what: string,
    files: () => Files | Promise<Files>,
    message: RegExp,
    options?: NonNullable<OpenFilesInput['options']>,
  ];
  const cases: readonly Case[] = [
    [
      'text',
      () => ({ 'notes.txt': Buffer.from('hello') }),
      /^DataError: files: expected pictures \(.*\) in a folder for each class .*, or the files of a data set \(.*\); there is notes\.txt; left out: notes\.txt \(no picture\)$/,
    ],
    ['nothing', () => ({}), /^DataError: dropped files: expected files of a data set, but there are none$/],
    [
      'half of MNIST',
      () => ({ 'd/train-images-idx3-ubyte': smallFiles()['train-images'] }),
      /^DataError: d: expected train-labels-idx1-ubyte, .*, but 3 of 4 files are missing; there is train-images-idx3-ubyte$/,
    ],
    [
      'labels in the place of images',
      () => idx(2, '', { 'train-images': smallFiles()['train-labels'] }),
      /^DataError: train-images-idx3-ubyte: expected IDX images .* were images and labels swapped\?$/,
    ],
    [
      'a cut archive',
      () => ({ ...idx(0, 'm/'), 'm/t10k-labels-idx1-ubyte.gz': packed.subarray(0, -3) }),
      /^DataError: m\/t10k-labels-idx1-ubyte\.gz: expected a whole gzip file, but it is cut off$/,
    ],
    [
      'an archive that is none',
      () => ({ 'cifar-10-binary.tar.gz': Buffer.from('no archive') }),
      /^DataError: cifar-10-binary\.tar\.gz: expected a gzip file \(first bytes 1f 8b\), got 6e 6f$/,
    ],
    [
      'one image of each class',
      async () => ({ 'a/1.png': await png.png().toBuffer(), 'b/1.png': await png.png().toBuffer() }),
      /^DataError: files: expected a class of at least 2 pictures, one to train and one to evaluate with, got 2 of 2 classes/,
    ],
    [
      'TIFF, which only Node reads',
      async (): Promise<Files> => {
        const [whole, tiff] = [await png.png().toBuffer(), await png.tiff().toBuffer()];
        return { 'a/1.png': whole, 'a/2.png': whole, 'b/1.tif': tiff, 'b/2.tif': tiff };
      },
      /^DataError: b\/[12]\.tif: expected an image \(.*\), got TIFF, which this browser does not read; save it as PNG or JPEG first.*; mend or remove it, or leave bad pictures out \(skipBadImages/,
    ],
    [
      'text called an image',
      () =>
        Object.fromEntries(['a/1', 'a/2', 'b/1', 'b/2'].map((name) => [`${name}.png`, Buffer.from('text')])),
      /^DataError: [ab]\/[12]\.png: expected an image/,
      { imageSize: 8 },
    ],
    ...(['png', 'jpeg', 'webp'] as const).map(
      (format) =>
        [
          `a cut ${format} file`,
          async (): Promise<Files> => {
            const whole = await noise.clone().toFormat(format).toBuffer();
            const half = await cut(format);
            return {
              [`a/1.${format}`]: whole,
              [`a/2.${format}`]: half,
              [`b/1.${format}`]: half,
              [`b/2.${format}`]: half,
            };
          },
          new RegExp(`^DataError: [ab]/[12]\\.${format}: expected an image`),
          { imageSize: 64 },
        ] as const,
    ),
  ];
  test.each(cases.map((each) => [each[0], each] as const))('%s', async (_, [, files, message, options]) => {
    const { error } = await open(await files(), { ...(options && { options }) });
    expect(error).toMatch(message);
  });
});

describe('a worker trains on files of the user', () => {
  const { train, test: held } = embeddedDigits({ train: 24, test: 8 });
  const files: Files = {
    'train-images-idx3-ubyte.gz': gzipSync(encodeIdxImages(train)),
    'train-labels-idx1-ubyte.gz': gzipSync(encodeIdxLabels(train.labels)),
    't10k-images-idx3-ubyte': encodeIdxImages(held),
    't10k-labels-idx1-ubyte': encodeIdxLabels(held.labels),
  };

  test('from a list and from a folder alike', async () => {
    const { losses } = await open(files, { as: 'run' });
    expect(losses).toHaveLength(2);
    expect(await open(files, { as: 'handle' })).toEqual({ losses });
  });

  test('and says what is wrong with them', async () => {
    const { error } = await open({ 'notes.txt': Buffer.from('hello') }, { as: 'run' });
    expect(error).toMatch(/^DataError: files: expected pictures .*; there is notes\.txt/);
  });
});

test('a dropped folder gives its files with their paths', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ort-train-drop-'));
  try {
    mkdirSync(join(folder, 'set', 'seven'), { recursive: true });
    writeFileSync(join(folder, 'set', 'seven', 'a.txt'), 'seven');
    writeFileSync(join(folder, 'b.txt'), 'b');
    const module = opened.server.urlOf(new URL('modules/drop.ts', import.meta.url).pathname);
    await opened.page.page.evaluate(`import(${JSON.stringify(module)}).then((module) => module.listen())`);
    const client = await opened.page.page.context().newCDPSession(opened.page.page);
    const data = { items: [], files: [join(folder, 'set'), join(folder, 'b.txt')], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await client.send('Input.dispatchDragEvent', { type, x: 50, y: 50, data });
    }
    const dropped = await opened.page.page.evaluate(
      `import(${JSON.stringify(module)}).then((module) => module.dropped)`,
    );
    expect(dropped).toEqual([
      ['set/seven/a.txt', 'seven'],
      ['b.txt', 'b'],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

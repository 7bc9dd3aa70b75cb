import { readFile, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listPictures } from '../../../src/data/pictures/listing-node.js';
import type { PictureItem, PictureListing } from '../../../src/data/pictures/listing.js';
import { readItem } from '../../../src/data/pictures/items-node.js';
import { DataError, OptionError } from '../../../src/errors.js';
import { hasShared, sharedPath } from '../../helpers/shared.js';
import { numbered, photos } from './helpers.js';

const names = (items: readonly PictureItem[] | undefined): readonly string[] =>
  (items ?? []).map(({ where }) => basename(where));
const counts = ({ parts: { train, test, final } }: PictureListing): readonly number[] =>
  [train, test, final ?? []].map(({ length }) => length);

const rejects = async (folder: string, message: RegExp): Promise<void> => {
  await expect(listPictures(folder)).rejects.toThrow(DataError);
  await expect(listPictures(folder)).rejects.toThrow(message);
};

describe('listPictures of class folders', () => {
  it('takes every kind of picture, deeper folders to their class, and orders classes by name', async () => {
    const endings = ['png', 'JPG', 'jpeg', 'webp', 'gif', 'avif', 'tif', 'tiff', 'BMP'];
    const folder = await photos(
      ...endings.map((ending) => `10/a.${ending}`),
      ...['9/x/1.png', '9/y/1.png', 'Ä pfel/ö 1.png', 'Ä pfel/2.png', '--help/-v.png', '--help/2.png'],
    );
    const listing = await listPictures(folder);
    expect(listing.classes).toEqual(['--help', '9', '10', 'Ä pfel']);
    expect(listing.name).toBe('photos');
    const all = [...listing.parts.train, ...listing.parts.test];
    expect(all.filter(({ label }) => label === 2)).toHaveLength(9);
    expect(listing.skipped).toEqual([]);
    expect(listing.warnings).toEqual([]);
    const odd = all.find(({ where }) => where === join(folder, 'Ä pfel', 'ö 1.png'));
    expect(odd?.label).toBe(3);
    expect(odd && (await readItem(odd.at))).toEqual(await readFile(join(folder, 'Ä pfel', 'ö 1.png')));
  });
});

describe('the held-out part', () => {
  it('is a share of each class, the same for the same names and seed', async () => {
    const paths = [...numbered('a/', 10), ...numbered('b/', 5), 'c/1.png', 'c/2.png', 'd/1.png'];
    const [folder, reversed] = [await photos(...paths), await photos(...paths.toReversed())];
    const first = await listPictures(folder);
    expect(first.valSplit).toEqual({ share: 0.2, seed: 0 });
    expect(first.parts.test.map(({ label }) => label)).toEqual([0, 0, 1, 2]);
    expect(first.parts.train).toHaveLength(14);
    expect(first.warnings).toEqual([
      `${folder}: class d has one picture, which is trained with: how well it is recognised is not measured`,
    ]);
    expect(names((await listPictures(reversed)).parts.test)).toEqual(names(first.parts.test));
    const other = await listPictures(folder, { valSplit: 0.5, splitSeed: 7 });
    expect(other.valSplit).toEqual({ share: 0.5, seed: 7 });
    // round(10 / 2), round(5 / 2), 1 of 2, none of 1.
    expect(other.parts.test.map(({ label }) => label)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 2]);
    const seeds = await Promise.all([1, 2, 3].map((splitSeed) => listPictures(folder, { splitSeed })));
    expect(new Set(seeds.map(({ parts }) => names(parts.test).join())).size).toBeGreaterThan(1);
  });

  it('keeps all others where a picture is added', async () => {
    const paths = numbered('a/', 40);
    const [before, after] = [await photos(...paths), await photos(...paths, 'a/new.png')];
    const kept = async (folder: string): Promise<readonly string[]> =>
      (await listPictures(folder)).parts.test.map(({ where }) => where.replace(folder, ''));
    const [was, is] = [await kept(before), await kept(after)];
    expect(is.length).toBe(8);
    expect(was.filter((path) => !is.includes(path)).length).toBeLessThanOrEqual(1);
  });

  it('depends on no order of classes that is given', async () => {
    const folder = await photos(...numbered('a/', 10), ...numbered('b/', 10));
    const [one, other] = [
      await listPictures(folder),
      await listPictures(folder, { classes: ['b', 'none', 'a'] }),
    ];
    expect(other.classes).toEqual(['b', 'none', 'a']);
    expect(names(other.parts.test)).toEqual(names(one.parts.test));
    expect(other.parts.test.map(({ label }) => label)).toEqual([2, 2, 0, 0]);
    expect(other.warnings).toEqual([`${folder}: class none has no picture at all`]);
    await expect(listPictures(folder, { classes: ['a'] })).rejects.toThrow(
      /b.0\.png: expected one of the 1 classes 'a', got 'b'$/,
    );
    await expect(listPictures(folder, { classes: ['a', 'b', 'a'] })).rejects.toThrow(/'a' is given twice$/);
  });

  it.each([{ valSplit: 0 }, { valSplit: 1 }, { valSplit: NaN }, { splitSeed: -1 }, { splitSeed: 0.5 }])(
    'refuses %j',
    async (options) => {
      await expect(listPictures(await photos('a/1.png', 'a/2.png'), options)).rejects.toThrow(OptionError);
    },
  );
});

describe('classes that are given', () => {
  it('name folders that are numbers', async () => {
    const folder = await photos(...numbered('0/', 3), ...numbered('2/', 3));
    const { parts } = await listPictures(folder, { classes: ['zero', 'one', 'two'] });
    expect(parts.test.map(({ label }) => label)).toEqual([0, 2]);
    await expect(listPictures(folder, { classes: ['zero', 'one'] })).rejects.toThrow(
      /expected one of the 2 classes 'zero', 'one', got '0'$/,
    );
    await expect(listPictures(folder, { classes: ['0', 'one', 'three'] })).rejects.toThrow(/got '2'$/);
    // What a model of other numbers has never seen.
    await expect(listPictures(folder, { classes: ['5', '6', '7'] })).rejects.toThrow(/got '0'$/);
  });
});

describe('parts', () => {
  it.each([
    [
      ['train/', 'val/'],
      [4, 2, 0],
    ],
    [
      ['train/', 'valid/'],
      [4, 2, 0],
    ],
    [
      ['Training/', 'Testing/'],
      [4, 2, 0],
    ],
    [
      ['train/', 'test/'],
      [4, 2, 0],
    ],
    [
      ['train/', 'validation/', 'test/'],
      [4, 2, 2],
    ],
  ] as const)('are the folders %j', async (folders, expected) => {
    const [train, ...others] = folders;
    const paths = [
      ...['a/1.png', 'a/2.png', 'b/1.png', 'b/3.png'].map((path) => `${train}${path}`),
      ...others.flatMap((folder) => [`${folder}a/x.png`, `${folder}b/${folder}y.png`]),
    ];
    const listing = await listPictures(await photos(...paths));
    expect(counts(listing)).toEqual(expected);
    expect(listing.classes).toEqual(['a', 'b']);
    expect(listing.valSplit).toBeUndefined();
  });

  it('may be train alone, from which a share is held out', async () => {
    const listing = await listPictures(await photos(...numbered('train/a/', 5), ...numbered('train/b/', 5)));
    expect([listing.classes, counts(listing)]).toEqual([
      ['a', 'b'],
      [8, 2, 0],
    ]);
  });

  it('are classes where their pictures lie directly in them beside others', async () => {
    const listing = await listPictures(await photos('train/1.png', 'train/2.png', 'bus/1.png', 'bus/2.png'));
    expect(listing.classes).toEqual(['bus', 'train']);
    expect(listing.warnings).toEqual([
      expect.stringMatching(/photos: train is taken for a class, not for a part, beside the other folders/),
    ]);
  });

  it('warn of classes that one of them lacks, and of an empty one', async () => {
    const folder = await photos(
      'train/a/1.png',
      'train/a/2.png',
      'train/b/1.png',
      'train/b/2.png',
      'test/a/3.png',
      'test/c/1.png',
      'val/',
    );
    const { warnings, classes } = await listPictures(folder);
    expect(classes).toEqual(['a', 'b', 'c']);
    expect(warnings).toEqual([
      `${join(folder, 'val')}: the folder of a part has no picture and is left out`,
      `${folder}: class b has no picture to evaluate with: how well it is recognised is not measured`,
      `${folder}: class c has no picture to train with: the network cannot learn it, and all its pictures in the other parts count as mistakes`,
    ]);
  });

  it.each([
    [['train/a/1.png', 'bus/1.png'], /got the part train beside bus$/],
    [['val/a/1.png', 'test/a/1.png'], /expected a folder train beside test and val/],
    [['train/a/1.png', 'val/a/1.png', 'valid/a/1.png'], /one folder for the part val, got val and valid$/],
    [['train/a/1.png', 'test/a/1.png', 'x.png'], /x\.png: expected it in a folder named after its class/],
    [
      ['train/a/1.png', 'test/1.png', 'test/2.png'],
      /test.1\.png \(and .*test.2\.png\): expected it in a folder/,
    ],
  ] as const)('refuse %j', async (paths, message) => {
    await rejects(await photos(...paths), message);
  });
});

describe('classes from names', () => {
  it('are taken where all pictures lie in one folder, and said to be', async () => {
    const folder = await photos(
      'seven_1.png',
      'seven-2.PNG',
      'cat12.jpeg',
      'cat (3).webp',
      '7.1.gif',
      '7_2.bmp',
    );
    const { classes, warnings } = await listPictures(folder);
    expect(classes).toEqual(['7', 'cat', 'seven']);
    expect(warnings.join('\n')).toMatch(
      /the classes are the beginnings of the pictures' names \(7, cat, seven\)/,
    );
    const inParts = await listPictures(await photos('train/a1.png', 'train/b1.png', 'test/a9.png'));
    expect(counts(inParts)).toEqual([2, 1, 0]);
  });

  it('are refused for a name without one, and beside folders', async () => {
    await rejects(
      await photos('_1.png', 'b1.png'),
      /_1\.png: expected it in a folder named after its class, or a name/,
    );
    await rejects(
      await photos('a/1.png', 'b/1.png', 'stray.png', 'tray.png'),
      /stray\.png \(and .*tray\.png\): expected it in a folder named after its class, as the other images of .*photos are/,
    );
  });
});

describe('what is left out', () => {
  it('is junk, other files and empty folders, each named', async () => {
    const junk = [
      '.DS_Store',
      'a/Thumbs.db',
      'b/desktop.ini',
      '__MACOSX/a/1.png',
      'a/.ipynb_checkpoints/1-checkpoint.png',
      '.git/x/1.png',
    ];
    const stray = ['notes.txt', 'a/labels.csv', 'b/film.heic'];
    const folder = await photos(
      'a/1.png',
      'a/2.png',
      'b/1.png',
      'b/2.png',
      ...junk,
      ...stray,
      'empty/',
      'only text/readme.md',
    );
    const { classes, skipped, warnings, parts } = await listPictures(folder);
    expect(classes).toEqual(['a', 'b']);
    expect(parts.train.length + parts.test.length).toBe(4);
    expect(skipped.map(({ where, why }) => `${where.slice(folder.length + 1)}: ${why}`)).toEqual([
      '.DS_Store: hidden',
      '.git: hidden',
      '__MACOSX: made by the system',
      'a/.ipynb_checkpoints: hidden',
      'a/Thumbs.db: made by the system',
      'a/labels.csv: no picture',
      'b/desktop.ini: made by the system',
      'b/film.heic: a picture of a kind that is not read (expected png, jpg, jpeg, webp, gif, avif, tif, tiff, bmp)',
      'notes.txt: no picture',
      'only text/readme.md: no picture',
    ]);
    expect(warnings).toEqual([
      `${join(folder, 'empty')}: the folder has no picture and is no class`,
      `${join(folder, 'only text')}: the folder has no picture and is no class`,
      `${folder}: left out 1 picture of a kind that is not read, such as ${join(folder, 'b', 'film.heic')}; convert them to PNG or JPEG`,
    ]);
  });

  it('is named in one line where there are many', async () => {
    const empty = Array.from({ length: 12 }, (_, i) => `e${i}/`);
    const folder = await photos('a/1.png', 'a/2.png', 'b/1.png', 'b/2.png', ...empty);
    expect((await listPictures(folder)).warnings).toEqual([
      `${folder}: 12 folders have no picture and are no classes: e0, e1, e10, e11, e2, e3, e4, e5, e6, e7 and 2 more`,
    ]);
  });

  it('does not make links go round', async () => {
    const folder = await photos('a/1.png', 'a/2.png', 'b/1.png', 'b/2.png');
    await symlink(folder, join(folder, 'a', 'up'));
    await symlink('../b', join(folder, 'a', 'beside'));
    await symlink(join(folder, 'a', '1.png'), join(folder, 'b', 'link.png'));
    await symlink('nowhere', join(folder, 'b', 'broken.png'));
    await symlink('self', join(folder, 'b', 'self'));
    const { parts, skipped } = await listPictures(folder);
    // Of a: 2 and, through `beside`, what b has.
    expect(parts.train.length + parts.test.length).toBe(2 + 3 + 3);
    expect(skipped.map(({ where, why }) => `${where.slice(folder.length + 1)}: ${why}`)).toEqual([
      'a/beside/broken.png: a link to nothing',
      'a/beside/self: a link to itself',
      'a/up: a link back to a folder that it lies in',
      'b/broken.png: a link to nothing',
      'b/self: a link to itself',
    ]);
  });

  it('leaves an error where nothing is left', async () => {
    await rejects(
      await photos('a/notes.txt', '.hidden/1.png'),
      /photos: expected pictures \(png, .*; there is \.hidden, a; left out: .*\.hidden \(hidden\), .*notes\.txt \(no picture\)$/,
    );
    await rejects(await photos(), /photos: expected pictures .*; the folder is empty$/);
    await rejects(
      join(await photos(), 'none'),
      /none: expected a folder of pictures, but there is no such folder$/,
    );
    await rejects(
      await photos('a/1.png', 'b/1.png'),
      /expected a class of at least 2 pictures.*got 2 of 2 classes/,
    );
  });
});

describe('odd classes', () => {
  it('one alone is a warning', async () => {
    const { classes, warnings } = await listPictures(await photos('cat/1.png', 'cat/2.png'));
    expect(classes).toEqual(['cat']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/all pictures are of one class \(cat\): there is nothing to tell apart/);
    const inParts = await listPictures(await photos('train/cat/1.png', 'test/cat/2.png'));
    expect(inParts.warnings).toHaveLength(1);
    const inner = await listPictures(await photos('inner/cat/1.png', 'inner/cat/2.png', 'inner/dog/1.png'));
    expect(inner.warnings.join('\n')).toMatch(/give .*photos\/inner if those are the classes/);
  });

  it('names that look the same are a warning', async () => {
    const folder = await photos(
      'Café/1.png',
      'Café/2.png',
      'Cafe\u0301/1.png',
      'café/1.png',
      'x/1.png',
      'x/2.png',
    );
    const { classes, warnings } = await listPictures(folder);
    expect(classes).toHaveLength(4);
    expect(warnings.at(-1)).toMatch(/the classes ".*" and ".*" and ".*" look the same/);
  });

  it('may be thousands', async () => {
    const paths = Array.from({ length: 1000 }, (_, i) => `${i}/${i % 3}.png`);
    const { classes, parts } = await listPictures(await photos(...paths, '999/x.png'));
    expect([classes.length, classes[999]]).toEqual([1000, '999']);
    expect(parts.test.map(({ label }) => label)).toEqual([999]);
  });
});

describe.skipIf(!hasShared('data', 'emoji'))('a real folder', () => {
  it('has its classes and parts', async () => {
    const { classes, parts, skipped, warnings } = await listPictures(sharedPath('data', 'emoji'));
    expect(classes).toEqual([
      'activities',
      'animals',
      'flags',
      'food',
      'objects',
      'people',
      'smileys',
      'symbols',
      'travel',
    ]);
    expect([skipped, warnings, parts.final]).toEqual([[], [], undefined]);
    expect(new Set(parts.test.map(({ label }) => label)).size).toBe(9);
  });
});

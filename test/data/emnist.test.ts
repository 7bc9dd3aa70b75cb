import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emnistClasses, emnistNames, type EmnistName } from '../../src/data/emnist.js';
import { loadEmnistFolder } from '../../src/data/emnist-folder-node.js';
import { openFiles } from '../../src/data/web.js';
import { openData } from '../../src/data/open-data-node.js';
import { DataError } from '../../src/errors.js';
import { encodeIdxImages, encodeIdxLabels } from '../helpers/idx-encode.js';
import { inMemory } from '../helpers/memory.js';
import { tempFolder, writeFiles } from './helpers.js';

/** Three pictures of 3 rows and 2 columns as they are meant: a pixel tells picture, row and column. */
const upright = Uint8Array.from(
  [0, 1, 2].flatMap((i) => [0, 1, 2].flatMap((y) => [0, 1].map((x) => 100 * i + 10 * y + x))),
);
/** The same as EMNIST stores them: column by column. */
const stored = Uint8Array.from(
  [0, 1, 2].flatMap((i) => [0, 1].flatMap((x) => [0, 1, 2].map((y) => 100 * i + 10 * y + x))),
);

function files(set: EmnistName, labels: readonly number[], ending = '.gz'): Record<string, Uint8Array> {
  const images = encodeIdxImages({ images: stored, count: 3, shape: [1, 2, 3] });
  return Object.fromEntries(
    ['train', 'test'].flatMap((half) => [
      [`emnist-${set}-${half}-images-idx3-ubyte${ending}`, images],
      [`emnist-${set}-${half}-labels-idx1-ubyte${ending}`, encodeIdxLabels(Uint8Array.from(labels))],
    ]),
  );
}

describe('EMNIST', () => {
  it('is put upright, its letters begin with 1', async () => {
    const folder = await tempFolder();
    await writeFiles(folder, files('letters', [1, 26, 3]));
    const { train, test } = await loadEmnistFolder(folder);
    expect(train).toMatchObject({ name: 'emnist-letters/train', count: 3, shape: [1, 3, 2] });
    expect(train.images).toEqual(upright);
    expect(Array.from(train.labels, (label) => train.classes[label])).toEqual(['A', 'Z', 'C']);
    expect(test.name).toBe('emnist-letters/test');
    const classes = Array.from('abcdefghijklmnopqrstuvwxyz');
    expect((await openData(folder, { classes })).test.classes).toEqual(classes);
  });

  it.each([
    ['digits', 10, '7'],
    ['mnist', 10, '7'],
    ['balanced', 47, 't'],
    ['bymerge', 47, 't'],
    ['byclass', 62, 'z'],
  ] as const)('has the published classes of %s', async (set, count, last) => {
    const folder = await tempFolder();
    const label = set === 'digits' || set === 'mnist' ? 7 : count - 1;
    await writeFiles(folder, files(set, [0, 9, label], ''));
    const { train } = await loadEmnistFolder(folder);
    expect(new Set(train.classes).size).toBe(count);
    expect(Array.from(train.labels, (each) => train.classes[each])).toEqual(['0', '9', last]);
  });

  it('merges the letters of the paper', () => {
    // Cohen et al., section II-A: C, I, J, K, L, M, O, P, S, U, V, W, X, Y and Z.
    const lower = emnistClasses.bymerge.filter((label) => /[a-z]/.test(label)).join('');
    expect(
      Array.from('abcdefghijklmnopqrstuvwxyz')
        .filter((each) => !lower.includes(each))
        .join(''),
    ).toBe('cijklmopsuvwxyz');
    expect(emnistNames).toHaveLength(6);
  });

  it('says how to choose among several', async () => {
    const folder = join(await tempFolder(), 'gzip');
    await mkdir(folder);
    await writeFiles(folder, { ...files('letters', [1, 2, 3]), ...files('digits', [0, 1, 2]) });
    await expect(openData(folder)).rejects.toThrow(DataError);
    await expect(openData(folder)).rejects.toThrow(
      /gzip: expected one data set, got the EMNIST sets digits, letters: choose one by adding its name to the path, such as .*gzip\/emnist-letters/,
    );
    expect((await loadEmnistFolder(folder, { set: 'digits' })).train.classes).toHaveLength(10);
    await expect(loadEmnistFolder(folder, { set: 'byclass' })).rejects.toThrow(
      /expected emnist-byclass-train-images-idx3-ubyte\.gz or .*, one of the four files of emnist-byclass; there is/,
    );
  });

  it('comes from dropped files, too', async () => {
    const dropped = Object.entries(files('mnist', [4, 5, 6], '')).map(([path, bytes]) => ({
      path,
      file: new Blob([bytes as BlobPart]),
    }));
    expect(Array.from(inMemory((await openFiles(dropped)).test).labels)).toEqual([4, 5, 6]);
  });

  it.each<readonly [string, EmnistName, readonly number[], RegExp]>([
    [
      'a letter 0',
      'letters',
      [1, 0, 2],
      /labels-idx1-ubyte\.gz: expected labels from 1 on, as in emnist-letters, got 0 at index 1$/,
    ],
    ['a letter 27', 'letters', [1, 27, 2], /expected labels below 27 .*got 27 at index 1$/],
    ['a label too few', 'digits', [1, 2], /expected 3 labels, one for each image/],
  ])('refuses %s', async (_, set, labels, message) => {
    const folder = await tempFolder();
    await writeFiles(folder, files(set, labels));
    await expect(loadEmnistFolder(folder)).rejects.toThrow(DataError);
    await expect(loadEmnistFolder(folder)).rejects.toThrow(message);
  });
});

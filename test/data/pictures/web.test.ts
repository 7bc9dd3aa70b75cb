import { describe, expect, it } from 'vitest';
import type { PlacedFile } from '../../../src/data/files.js';
import { findDuplicates } from '../../../src/data/pictures/duplicates-web.js';
import { readItem } from '../../../src/data/pictures/items-web.js';
import { listPictures } from '../../../src/data/pictures/listing-node.js';
import { listFiles } from '../../../src/data/pictures/listing-web.js';
import { DataError, IoError } from '../../../src/errors.js';
import { numbered, photos } from './helpers.js';

const placed = (...paths: readonly string[]): readonly PlacedFile[] =>
  paths.map((path, i) => ({ path, file: new Blob([String(i)]) }));

/** A folder of the File System API; `undefined` is an empty folder. */
function handle(name: string, tree: Readonly<Record<string, unknown>>): FileSystemDirectoryHandle {
  return {
    ...{ kind: 'directory', name },
    entries: async function* () {
      await Promise.resolve();
      for (const [inner, below] of Object.entries(tree)) {
        if (below instanceof Blob) yield [inner, { kind: 'file', getFile: () => Promise.resolve(below) }];
        else yield [inner, handle(inner, below as Readonly<Record<string, unknown>>)];
      }
    },
  } as unknown as FileSystemDirectoryHandle;
}

describe('listFiles', () => {
  it('draws the same held-out part as a folder of the same names', async () => {
    const paths = [...numbered('a/', 10), ...numbered('b/ü ', 7), 'notes.txt'];
    const folder = await listPictures(await photos(...paths));
    const dropped = await listFiles(placed(...paths.toReversed().map((path) => `deep/photos/${path}`)));
    const names = (items: readonly { readonly where: string; readonly label: number }[]): readonly string[] =>
      items.map(({ where, label }) => `${label} ${where.replace(/^.*photos\//, '')}`);
    expect(dropped.name).toBe('photos');
    expect(names(dropped.parts.train)).toEqual(names(folder.parts.train));
    expect(names(dropped.parts.test)).toEqual(names(folder.parts.test));
    expect([dropped.valSplit, dropped.skipped]).toEqual([
      { share: 0.2, seed: 0 },
      [{ where: 'photos/notes.txt', why: 'no picture' }],
    ]);
    const [item] = dropped.parts.train;
    // Each file holds its place in the list that was dropped.
    const content = String(paths.toReversed().findIndex((path) => item?.where.endsWith(path)));
    expect(item && (await readItem(item.at))).toEqual(new TextEncoder().encode(content));
  });

  it('names empty folders and junk of a directory', async () => {
    const picture = new Blob(['x']);
    const two = { '1.png': picture, '2.png': picture };
    const listing = await listFiles(
      handle('photos', {
        cat: two,
        dog: { ...two, 'Thumbs.db': picture },
        none: {},
        '.git': { x: picture, y: picture },
      }),
    );
    expect(listing.classes).toEqual(['cat', 'dog']);
    expect(listing.warnings).toEqual(['photos/none: the folder has no picture and is no class']);
    expect(listing.skipped).toEqual([
      { where: 'photos/dog/Thumbs.db', why: 'made by the system' },
      { where: 'photos/.git', why: 'hidden' },
    ]);
  });

  it('takes classes from names, parts from folders', async () => {
    expect((await listFiles(placed('seven_1.png', 'seven_2.png', 'two (1).jpg'))).classes).toEqual([
      'seven',
      'two',
    ]);
    const { parts } = await listFiles(
      placed('x/train/a/1.png', 'x/train/b/1.png', 'x/valid/a/2.png', 'x/test/b/3.png'),
    );
    expect([parts.train.length, parts.test.length, parts.final?.length]).toEqual([2, 1, 1]);
  });

  it('refuses files without a picture', async () => {
    await expect(listFiles(placed('a/notes.txt', 'b/x.md'))).rejects.toThrow(DataError);
    await expect(listFiles(placed('a/1.png', 'b/1.png', 'c.png'))).rejects.toThrow(
      /^c\.png: expected it in a folder/,
    );
  });
});

describe('readItem of a page', () => {
  it('reads files and their parts, and says which is gone', async () => {
    const file = new Blob(['0123456']);
    expect(new TextDecoder().decode(await readItem({ file, offset: 2, size: 3 }))).toBe('234');
    expect(new TextDecoder().decode(await readItem({ file, offset: 5 }))).toBe('56');
    const gone = { size: 1, arrayBuffer: () => Promise.reject(new Error('it was moved')) } as Blob;
    await expect(readItem({ file: gone }, 'a/1.png')).rejects.toThrow(IoError);
    await expect(readItem({ file: gone }, 'a/1.png')).rejects.toThrow(
      /^a\/1\.png: cannot read the file: it was moved$/,
    );
  });
});

describe('findDuplicates', () => {
  it('finds equal files among many of one size, each read a few times at most', async () => {
    let reads = 0;
    const blob = (text: string): Blob => {
      const made = new Blob([text]);
      const read = made.arrayBuffer.bind(made);
      made.arrayBuffer = () => {
        reads += 1;
        return read();
      };
      return made;
    };
    const part = (name: string, first: number): PlacedFile[] =>
      Array.from({ length: 30 }, (_, i) => ({
        path: `${name}/cat/${i}.png`,
        file: blob(String(first + i)),
      }));
    // 10..39 and 39..68, all two digits long; none of another length.
    const listing = await listFiles([
      ...part('train', 10),
      ...part('test', 39),
      { path: 'test/cat/long.png', file: blob('long') },
    ]);
    expect(await findDuplicates(listing)).toEqual([{ train: 'train/cat/29.png', test: 'test/cat/0.png' }]);
    // Once for its sum; two that have the same, the training picture once more.
    expect(reads).toBe(61);
  });
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourceOf } from '../../../src/data/pictures/source-node.js';
import { DataError } from '../../../src/errors.js';
import { tempFolder, writeFiles } from '../helpers.js';
import { photos } from './helpers.js';

const one = Uint8Array.of(1);

/** A folder with these files, each a byte. */
async function holding(...names: readonly string[]): Promise<string> {
  const folder = await tempFolder();
  await writeFiles(folder, Object.fromEntries(names.map((name) => [name, one])));
  return folder;
}

describe('sourceOf', () => {
  it('knows folders by what is in them', async () => {
    const pictures = await photos('a/1.png');
    expect(await sourceOf(pictures)).toEqual({ kind: 'pictures', path: pictures });
    const idx = await holding('train-images-idx3-ubyte');
    expect(await sourceOf(idx)).toEqual({ kind: 'idx', folder: idx });
    const cifar = await holding('test_batch.bin');
    expect(await sourceOf(cifar)).toEqual({ kind: 'cifar', folder: cifar });
    const emnist = await holding('emnist-letters-test-labels-idx1-ubyte');
    expect(await sourceOf(emnist)).toEqual({ kind: 'emnist', folder: emnist, set: 'letters' });
    expect(await sourceOf(join(emnist, 'emnist-digits'))).toEqual({
      kind: 'emnist',
      folder: emnist,
      set: 'digits',
    });
    await expect(sourceOf(await holding('train-images-idx3-ubyte', 'test_batch.bin'))).rejects.toThrow(
      /expected the files of one data set, got files of several kinds \(cifar, idx\)$/,
    );
    // The ending of a name says nothing of a folder.
    const odd = join(pictures, 'my.csv');
    await mkdir(odd);
    expect(await sourceOf(odd)).toEqual({ kind: 'pictures', path: odd });
  });

  it('knows lists and shards by their names', async () => {
    const folder = await holding('a.csv', 'b.JSONL', 'c.tar', 'd.tar.gz');
    for (const name of ['a.csv', 'b.JSONL', 'c.tar', 'd.tar.gz', 'e-{0..2}.tar']) {
      const path = join(folder, name);
      expect(await sourceOf(path)).toEqual({ kind: 'pictures', path });
    }
  });

  it('says what it takes in place of anything else', async () => {
    const folder = await holding(
      'x.png',
      'all.zip',
      'train-images-idx3-ubyte.gz',
      'cifar-10-binary.tar.gz',
      'cifar-10-python.tar.gz',
      'notes',
    );
    const refuses = async (name: string, message: RegExp): Promise<void> => {
      await expect(sourceOf(join(folder, name), ['digits', 'mnist'])).rejects.toThrow(DataError);
      await expect(sourceOf(join(folder, name), ['digits', 'mnist'])).rejects.toThrow(message);
    };
    await refuses(
      'none',
      /^data .*none: expected one of digits, mnist, or a folder with a folder of pictures for each class, a list of pictures \(\.csv, \.jsonl\), tar shards \('shards-\{000\.\.009\}\.tar'\), or .*, but there is no such file or folder$/,
    );
    await refuses('none.csv', /but there is no such file or folder$/);
    await refuses('none.tar', /but there is no such file or folder$/);
    await refuses('notes', /got a file of another kind$/);
    await refuses('x.png', /got a file of another kind; give the folder of the pictures$/);
    await refuses('all.zip', /; unpack it and give the folder$/);
    await refuses('train-images-idx3-ubyte.gz', /; give the folder that it lies in, /);
    await refuses('cifar-10-binary.tar.gz', /; give the folder that it lies in, /);
    await refuses(
      'cifar-10-python.tar.gz',
      /expected the binary version of CIFAR-10, got its Python edition/,
    );
    await writeFile(join(folder, 'notes.txt'), 'x');
    await expect(sourceOf(join(folder, 'notes.txt'))).rejects.toThrow(
      /^data .*: expected a folder with a folder of pictures/,
    );
  });
});

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { filesToSend, type FileSource, type PlacedFile } from '../../src/data/files.js';
import { gatherFiles } from '../../src/data/folder-web.js';
import { idxFileNames, idxRoles } from '../../src/data/idx-files.js';
import { openFiles } from '../../src/data/web.js';
import { embeddedDigits, embeddedDigitsInTurns } from '../../src/data/index.js';
import { DataError, IoError } from '../../src/errors.js';
import { hasShared, sharedPath } from '../helpers/shared.js';
import { readFileSync } from 'node:fs';
import { cifarArchive, cifarFiles } from './cifar-helpers.js';
import { smallFiles, smallSet } from './helpers.js';
import { inMemory } from '../helpers/memory.js';

const placed = (files: Readonly<Record<string, Uint8Array>>): readonly PlacedFile[] =>
  Object.entries(files).map(([path, bytes]) => ({ path, file: new Blob([bytes as BlobPart]) }));

function idx(folder: string): Record<string, Uint8Array> {
  const files = smallFiles();
  return Object.fromEntries(
    idxRoles.map((role) => [`${folder}${idxFileNames(role)[0]}`, gzipSync(files[role])]),
  );
}

describe('openFiles', () => {
  it('reads IDX files as a folder on the disk', async () => {
    const { train, test } = await openFiles(placed(idx('clothes/')));
    expect(train).toEqual({ ...smallSet(5), name: 'clothes/train' });
    expect(test).toEqual({ ...smallSet(3), name: 'clothes/test' });
    const classes = Array.from('abcdefghij');
    expect((await openFiles(placed(idx('')), { classes })).train.classes).toEqual(classes);
  });

  it('reads CIFAR as a folder on the disk', async () => {
    const packed = await openFiles(placed({ 'down/cifar-100-binary.tar.gz': cifarArchive('cifar100') }));
    expect([packed.train.name, packed.train.count, packed.test.count]).toEqual(['down/train', 2, 3]);
    const plain = await openFiles(placed(cifarFiles('cifar100')));
    expect(inMemory(plain.train).images).toEqual(inMemory(packed.train).images);
    const both = placed({ ...cifarFiles('cifar100'), ...cifarFiles('cifar10') });
    await expect(openFiles(both)).rejects.toThrow(
      /^files: expected one data set, got both cifar10 and cifar100/,
    );
  });

  it.skipIf(!hasShared('data', 'mnist'))('knows MNIST by its digests', async () => {
    const files = Object.fromEntries(
      idxRoles.map((role) => {
        const name = idxFileNames(role)[0];
        return [`some/${name}`, readFileSync(sharedPath('data', 'mnist', name))];
      }),
    );
    const { train, test } = await openFiles(placed(files));
    expect([train.name, train.count, test.name, test.count]).toEqual([
      'mnist/train',
      60_000,
      'mnist/test',
      10_000,
    ]);
  });

  it('says which file cannot be read', async () => {
    const [first, ...others] = placed(idx('m/'));
    const gone = { arrayBuffer: () => Promise.reject(new Error('the file was moved')) } as Blob;
    const opening = openFiles([{ path: first?.path ?? '', file: gone }, ...others]);
    await expect(opening).rejects.toThrow(IoError);
    await expect(opening).rejects.toThrow(
      /^train-images-idx3-ubyte\.gz: cannot read the file: the file was moved$/,
    );
  });

  it('refuses other files, and none', async () => {
    await expect(openFiles(placed({ 'a/notes.txt': new Uint8Array(1) }))).rejects.toThrow(DataError);
    await expect(openFiles([])).rejects.toThrow(DataError);
  });
});

describe('gatherFiles', () => {
  const paths = async (...given: readonly string[]): Promise<readonly [string, ...string[]]> => {
    const { name, files } = await gatherFiles(
      placed(Object.fromEntries(given.map((path) => [path, new Uint8Array(1)]))),
    );
    return [name, ...files.map(({ path }) => path)];
  };

  it('leaves out the folders that all have in common', async () => {
    expect(await paths('a/b/x', 'a/b/c/y')).toEqual(['b', 'x', 'c/y']);
    expect(await paths('a/x', 'b/x')).toEqual(['files', 'a/x', 'b/x']);
    expect(await paths('a/b/x')).toEqual(['b', 'x']);
    expect(await paths('x')).toEqual(['files', 'x']);
  });

  it('leaves out what systems put into folders', async () => {
    const odd = ['a/.DS_Store', 'a/Thumbs.db', 'a/desktop.ini', '__MACOSX/a/._x', 'a/.git/config'];
    expect(await paths('a/x', 'a/b.d/y', ...odd)).toEqual(['a', 'x', 'b.d/y']);
  });

  it('takes files and folders of a browser', async () => {
    const file = Object.assign(new Blob(['1']), { name: 'x', webkitRelativePath: 'a/x' });
    expect(filesToSend([file] as unknown as FileSource)).toEqual([{ path: 'a/x', file }]);
    const alone = Object.assign(new Blob(['1']), { name: 'x', webkitRelativePath: '' });
    expect(filesToSend([alone] as unknown as FileSource)).toEqual([{ path: 'x', file: alone }]);
    const handle = {
      ...{ kind: 'directory', name: 'top' },
      entries: async function* () {
        await Promise.resolve();
        yield ['x', { kind: 'file', getFile: () => Promise.resolve(alone) }];
        yield [
          'in',
          {
            kind: 'directory',
            name: 'in',
            entries: () => {
              throw new Error('no leave');
            },
          },
        ];
      },
    } as unknown as FileSystemDirectoryHandle;
    expect(filesToSend(handle)).toBe(handle);
    await expect(gatherFiles(handle)).rejects.toThrow(IoError);
    await expect(gatherFiles(handle)).rejects.toThrow(/^top\/in\/: cannot read the folder: no leave$/);
  });
});

describe('embeddedDigitsInTurns', () => {
  it('draws the same digits, and gives way', async () => {
    let turns = 0;
    const options = { train: 300, test: 40, seed: 3 };
    const drawn = await embeddedDigitsInTurns(options, () => {
      turns += 1;
      return Promise.resolve();
    });
    expect(drawn).toEqual(embeddedDigits(options));
    expect(turns).toBe(10);
  });

  it('refuses what embeddedDigits refuses', async () => {
    await expect(embeddedDigitsInTurns({ train: 0 }, () => Promise.resolve())).rejects.toThrow(
      /train: expected/,
    );
  });
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { downloadCifar } from '../../src/data/cifar-download-node.js';
import { loadCifarFolder } from '../../src/data/cifar-folder-node.js';
import { cifarSets } from '../../src/data/cifar-sets.js';
import { downloadSet } from '../../src/data/download-node.js';
import { knownSets } from '../../src/data/known-sets.js';
import { openData } from '../../src/data/open-data-node.js';
import { openFiles } from '../../src/data/web.js';
import { DataError, OfflineError } from '../../src/errors.js';
import { cifarArchive, cifarSetAt } from './cifar-helpers.js';
import { tempFolder, writeFiles } from './helpers.js';

const one = Uint8Array.of(0x80);
const refused =
  /expected the binary version of CIFAR-100?, got its Python edition \(.*\), which is not read: .* Put cifar-100?-binary\.tar\.gz from https:.* there instead, or write cifar100? .*downloads it$/;

describe('the Python edition of CIFAR', () => {
  it.each<readonly [string, Readonly<Record<string, Uint8Array>>]>([
    ['the archive of CIFAR-10', { 'cifar-10-python.tar.gz': one }],
    ['the archive of CIFAR-100', { 'cifar-100-python.tar.gz': one }],
    [
      'the files of CIFAR-10',
      { data_batch_1: one, data_batch_2: one, test_batch: one, 'batches.meta': one, 'readme.html': one },
    ],
    ['the files of CIFAR-100', { train: one, test: one, meta: one }],
  ])('is named and refused: %s', async (_, files) => {
    const folder = await tempFolder();
    await writeFiles(folder, files);
    const opening = openData(folder);
    await expect(opening).rejects.toThrow(DataError);
    await expect(opening).rejects.toThrow(refused);
    await expect(loadCifarFolder(folder)).rejects.toThrow(refused);
    await expect(loadCifarFolder(folder, { known: 'cifar10' })).rejects.toThrow(refused);
    const dropped = Object.entries(files).map(([path, bytes]) => ({
      path,
      file: new Blob([bytes as BlobPart]),
    }));
    await expect(openFiles(dropped)).rejects.toThrow(refused);
  });

  it('is named in its own folder, and gives way to the binary version', async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'cifar-10-batches-py'));
    await expect(openData(folder)).rejects.toThrow(/got its Python edition \(cifar-10-batches-py\)/);
    await writeFile(join(folder, cifarSets.cifar10.archive), cifarArchive('cifar10'));
    expect((await openData(folder)).train.count).toBe(10);
  });

  it('is named where it lies in the cache and nothing can be downloaded', async () => {
    const cacheDir = await tempFolder();
    await mkdir(join(cacheDir, 'cifar10'));
    await writeFile(join(cacheDir, 'cifar10', 'cifar-10-python.tar.gz'), one);
    const loading = openData('cifar10', { cacheDir, mirrors: [] });
    await expect(loading).rejects.toThrow(OfflineError);
    await expect(openData('cifar10', { cacheDir, mirrors: [] })).rejects.toThrow(/got its Python edition/);
  });
});

describe('a cut archive', () => {
  const archive = cifarArchive('cifar10');
  const cut = archive.subarray(0, archive.length - 100);
  const file = cifarSets.cifar10.archive;

  it('is said to be cut in a folder', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, file), cut);
    await expect(openData(folder)).rejects.toThrow(DataError);
    await expect(openData(folder)).rejects.toThrow(
      /binary\.tar\.gz: expected a whole gzip file, but it is cut off$/,
    );
  });

  it('is said to be cut in the cache, where nothing can be downloaded', async () => {
    const cacheDir = await tempFolder();
    const path = join(cacheDir, 'cifar10', file);
    await mkdir(join(cacheDir, 'cifar10'));
    await writeFile(path, cut);
    const error: unknown = await downloadCifar(cifarSetAt('cifar10', archive), { cacheDir }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(OfflineError);
    expect((error as Error).message).toContain(
      `${path} is there, but cannot be used: the file: expected a whole gzip file, but it is cut off`,
    );
  });

  it('is said of the files of MNIST, too', async () => {
    const cacheDir = await tempFolder();
    const path = join(cacheDir, 'mnist', 'train-images-idx3-ubyte.gz');
    await mkdir(join(cacheDir, 'mnist'));
    await writeFile(path, cut);
    await expect(downloadSet({ ...knownSets.mnist, mirrors: [] }, { cacheDir })).rejects.toThrow(
      `${path} is there, but cannot be used: the file: expected a whole gzip file, but it is cut off`,
    );
  });
});

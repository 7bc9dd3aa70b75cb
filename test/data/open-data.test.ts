import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataNames, openData } from '../../src/data/open-data-node.js';
import { embeddedDigits } from '../../src/data/digits/index.js';
import { idxFileNames, idxRoles } from '../../src/data/idx-files.js';
import { DataError, OfflineError } from '../../src/errors.js';
import { smallFiles, tempFolder, writeFiles } from './helpers.js';

describe('openData', () => {
  it('draws digits', async () => {
    const digits = { train: 20, test: 10, seed: 4 };
    expect(await openData('digits', { digits })).toEqual(embeddedDigits(digits));
  });

  it('downloads sets by name', async () => {
    const cacheDir = await tempFolder();
    for (const name of ['mnist', 'fashion-mnist', 'cifar10', 'cifar100']) {
      const opened = openData(name, { cacheDir, mirrors: [] });
      await expect(opened).rejects.toThrow(OfflineError);
      await expect(openData(name, { cacheDir, mirrors: [] })).rejects.toThrow(join(cacheDir, name));
    }
  });

  it('reads folders', async () => {
    const folder = await tempFolder();
    const files = smallFiles();
    await writeFiles(
      folder,
      Object.fromEntries(idxRoles.map((role) => [idxFileNames(role)[2], files[role]])),
    );
    expect((await openData(folder)).train.count).toBe(5);
    const classes = Array.from('abcdefghij');
    expect((await openData(folder, { classes })).test.classes).toEqual(classes);
  });

  it('says what a folder should hold, whichever kind it is', async () => {
    const folder = await tempFolder();
    const opening = openData(folder);
    await expect(opening).rejects.toThrow(DataError);
    await expect(opening).rejects.toThrow(
      /expected pictures \(.*\) in a folder for each class .*, or the files of a data set \(IDX, EMNIST, the binary version of CIFAR\); the folder is empty$/,
    );
    await writeFiles(folder, { 'notes.txt': new Uint8Array(3) });
    await expect(openData(folder)).rejects.toThrow(/; there is notes\.txt; left out: .*notes\.txt/);
    // Half of a set: what is missing of that one.
    await writeFiles(folder, { 'train-images-idx3-ubyte': new Uint8Array(3) });
    await expect(openData(folder)).rejects.toThrow(/3 of 4 files are missing/);
  });

  it('refuses what is neither a name nor a folder, and lists the names', async () => {
    const spec = join(await tempFolder(), 'minst');
    await expect(openData(spec)).rejects.toThrow(DataError);
    await expect(openData(spec)).rejects.toThrow(
      /minst: expected one of digits, mnist, fashion-mnist, cifar10, cifar100, or a folder/,
    );
    expect(dataNames).toEqual(['digits', 'mnist', 'fashion-mnist', 'cifar10', 'cifar100']);
  });
});

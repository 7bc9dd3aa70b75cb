import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadIdxFolder } from '../../src/data/idx-folder-node.js';
import { encodeIdxImages, encodeIdxLabels } from '../helpers/idx-encode.js';
import { idxFileNames, idxRoles } from '../../src/data/idx-files.js';
import type { KnownName } from '../../src/data/known-sets.js';
import { DataError, IoError, OptionError } from '../../src/errors.js';
import { smallFiles, smallSet, tempFolder, writeFiles } from './helpers.js';

/** A folder with the four small files under the names of one variant: 0 `-idx.gz`, 1 `.idx.gz`, 2 `-idx`, 3 `.idx`. */
async function smallFolder(variant: 0 | 1 | 2 | 3): Promise<string> {
  const folder = await tempFolder();
  const files = smallFiles();
  await writeFiles(
    folder,
    Object.fromEntries(idxRoles.map((role) => [idxFileNames(role)[variant], files[role]])),
  );
  return folder;
}

describe('loadIdxFolder', () => {
  it.each([0, 1, 2, 3] as const)('reads the four files, name variant %i', async (variant) => {
    const split = await loadIdxFolder(await smallFolder(variant), { name: 'n' });
    expect(split.train).toEqual({ ...smallSet(5), name: 'n/train' });
    expect(split.test).toEqual({ ...smallSet(3), name: 'n/test' });
  });

  it('is called after the folder, and takes other classes', async () => {
    const folder = join(await tempFolder(), 'clothes');
    await mkdir(folder);
    const files = smallFiles();
    await writeFiles(
      folder,
      Object.fromEntries(idxRoles.map((role) => [idxFileNames(role)[0], files[role]])),
    );
    const { train } = await loadIdxFolder(`${folder}/`, { classes: Array.from('abcdefghijkl') });
    expect(train.name).toBe('clothes/train');
    expect(train.classes).toHaveLength(12);
  });

  it('tells gzip by the bytes, not by the name', async () => {
    const folder = await smallFolder(2);
    await writeFile(join(folder, 'train-labels-idx1-ubyte'), gzipSync(smallFiles()['train-labels']));
    expect((await loadIdxFolder(folder)).train.labels).toEqual(smallSet(5).labels);
  });

  it('passes over folders with the name of a file', async () => {
    const folder = await smallFolder(3);
    await mkdir(join(folder, 'train-images-idx3-ubyte'));
    expect((await loadIdxFolder(folder)).train.count).toBe(5);
  });
});

describe('loadIdxFolder refuses', () => {
  const rejects = async (folder: string, message: RegExp, options = {}): Promise<void> => {
    await expect(loadIdxFolder(folder, options)).rejects.toThrow(DataError);
    await expect(loadIdxFolder(folder, options)).rejects.toThrow(message);
  };

  it('a folder that is not there', async () => {
    const folder = join(await tempFolder(), 'none');
    await rejects(folder, /none: expected a folder with train-images-idx3-ubyte, .*no such folder$/);
  });

  it('a file in place of the folder', async () => {
    await rejects(join(await smallFolder(2), 'train-images-idx3-ubyte'), /but it is not a folder$/);
  });

  it('a folder without some of the files, and names them', async () => {
    const folder = await smallFolder(0);
    await rm(join(folder, 't10k-images-idx3-ubyte.gz'));
    await rm(join(folder, 'train-labels-idx1-ubyte.gz'));
    await rejects(
      folder,
      /: expected train-labels-idx1-ubyte, t10k-images-idx3-ubyte \(plain or \.gz, .*\), but 2 of 4 files are missing; there is t10k-labels-idx1-ubyte\.gz, train-images-idx3-ubyte\.gz$/,
    );
  });

  it('a folder with other things, and says what is there', async () => {
    const folder = await tempFolder();
    await rejects(folder, /4 of 4 files are missing; the folder is empty$/);
    for (let i = 10; i < 22; i++) await writeFile(join(folder, `photo${i}.jpg`), '');
    await rejects(folder, /there is photo10\.jpg, photo11\.jpg, .*photo19\.jpg and 2 more$/);
  });

  const packed = gzipSync(smallFiles()['t10k-labels']);
  const cases: readonly [string, Uint8Array, RegExp][] = [
    ['a cut gzip file', packed.subarray(0, -3), /t10k-labels-idx1-ubyte\.gz: .*cut off/],
    [
      'a wrong CRC',
      Buffer.concat([packed.subarray(0, -8), Buffer.alloc(4), packed.subarray(-4)]),
      /ubyte\.gz: .*checksum/,
    ],
    ['bytes behind the gzip end', Buffer.concat([packed, Buffer.from('junk')]), /ubyte\.gz: .*foreign bytes/],
    ['a cut IDX file', gzipSync(smallFiles()['t10k-labels'].subarray(0, -1)), /ubyte\.gz: expected 11 bytes/],
    ['swapped files', gzipSync(smallFiles()['t10k-images']), /ubyte\.gz: .*were images and labels swapped/],
    ['another count', gzipSync(smallFiles()['train-labels']), /expected 3 labels, .*t10k-images.*, got 5/],
    ['a large label', gzipSync(encodeIdxLabels(Uint8Array.of(0, 77, 1))), /got 77 at index 1/],
  ];
  it.each(cases)('%s', async (_, bytes, message) => {
    const folder = await smallFolder(0);
    await writeFile(join(folder, 't10k-labels-idx1-ubyte.gz'), bytes);
    await rejects(folder, message);
  });

  it('halves of different shape', async () => {
    const folder = await smallFolder(2);
    await writeFiles(folder, { 't10k-images-idx3-ubyte': encodeIdxImages(smallSet(3, { height: 9 })) });
    await rejects(folder, /expected images of 1x4x3, .* got 1x9x3/);
  });

  it('other data under a known name', async () => {
    const zipped =
      /train-images-idx3-ubyte\.gz: not the published file: expected sha256 440fcab.* of the gzip, got .*; expected sha256 ba89104.* of the content, got /;
    await rejects(await smallFolder(0), zipped, { known: 'mnist' });
    const plain =
      /train-images-idx3-ubyte: not the published file: expected md5 f4a8712.* of the content, got /;
    await rejects(await smallFolder(2), plain, { known: 'fashion-mnist' });
  });

  it('an unknown name', async () => {
    const known = 'toString' as KnownName;
    await expect(loadIdxFolder('.', { known })).rejects.toThrow(OptionError);
    await expect(loadIdxFolder('.', { known })).rejects.toThrow(
      'expected one of mnist, fashion-mnist, got toString',
    );
  });

  it('a file that cannot be read', async () => {
    const folder = await smallFolder(0);
    const path = join(folder, 'train-images-idx3-ubyte.gz');
    await rm(path);
    await writeFile(`${path}.real`, '');
    // A link that leads round in a circle fails for every user, root included.
    const { symlink } = await import('node:fs/promises');
    await symlink(path, path);
    await expect(loadIdxFolder(folder)).rejects.toThrow(IoError);
    await expect(loadIdxFolder(folder)).rejects.toThrow(
      /train-images-idx3-ubyte\.gz: cannot read the file: ELOOP/,
    );
  });
});

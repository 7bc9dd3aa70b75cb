import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { downloadCifar } from '../../src/data/cifar-download-node.js';
import { loadCifarFolder } from '../../src/data/cifar-folder-node.js';
import { readCifarSet } from '../../src/data/cifar-set.js';
import { nodeHash } from '../../src/data/digest-node.js';
import { nodeFolder } from '../../src/data/folder-node.js';
import { datasetFromCifar } from '../../src/data/cifar.js';
import { cifarSets, type CifarName } from '../../src/data/cifar-sets.js';
import { openData } from '../../src/data/open-data-node.js';
import { readTar } from '../../src/data/tar.js';
import { DataError, OfflineError, OptionError } from '../../src/errors.js';
import { cifarArchive, cifarFiles, cifarSetAt, records, tarEntry } from './cifar-helpers.js';
import { tempFolder, writeFiles } from './helpers.js';
import { cutAfter, serve, startMirror } from './server.js';
import { inMemory } from '../helpers/memory.js';

const kinds = ['cifar10', 'cifar100'] as const;

describe('datasetFromCifar', () => {
  it.each(kinds)('reads %s', (kind) => {
    const bytes = records(kind, 3);
    const set = datasetFromCifar({ kind, name: 'n', files: [{ where: 'a', bytes }] });
    expect([set.count, ...set.shape]).toEqual([3, 3, 32, 32]);
    expect([...set.labels]).toEqual([0, 1, 2]);
    // The first pixel of each plane of the second image: 50 + 10 * plane + (1024 * plane) % 7.
    expect([0, 1024, 2048].map((p) => set.images[3072 + p])).toEqual([50, 62, 74]);
    expect(set.classes).toHaveLength(kind === 'cifar10' ? 10 : 100);
    expect(new Set(set.classes).size).toBe(set.classes.length);
  });

  const bad: readonly [string, CifarName, Uint8Array, RegExp][] = [
    [
      'a cut file',
      'cifar10',
      records('cifar10', 2).subarray(1),
      /^a: expected a multiple of 3073 bytes .*got 6145/,
    ],
    ['another kind', 'cifar100', records('cifar10', 1), /^a: expected a multiple of 3074 bytes .*cifar100/],
    ['an empty file', 'cifar10', new Uint8Array(0), /^a: .*got an empty file/],
    ['a gzip file', 'cifar10', gzipSync('x'), /must be unpacked/],
    ['a large label', 'cifar10', records('cifar10', 11), /^a: expected labels below 10 .*got 10 at index 10/],
    [
      'a large fine label',
      'cifar100',
      records('cifar100', 101),
      /fine labels below 100 .*got 100 at index 100/,
    ],
    [
      'a large coarse label',
      'cifar100',
      records('cifar100', 1).fill(20, 0, 1),
      /coarse labels below 20 .*got 20 at index 0/,
    ],
  ];
  it.each(bad)('refuses %s', (_, kind, bytes, message) => {
    const read = (): unknown => datasetFromCifar({ kind, name: 'n', files: [{ where: 'a', bytes }] });
    expect(read).toThrow(DataError);
    expect(read).toThrow(message);
  });
});

describe('loadCifarFolder', () => {
  it.each(kinds)('finds %s: the files, in their own folder, or in the archive', async (kind) => {
    const set = cifarSets[kind];
    const [plain, inside, packed] = [await tempFolder(), await tempFolder(), await tempFolder()];
    await writeFiles(plain, cifarFiles(kind));
    await mkdir(join(inside, set.folder));
    await writeFiles(join(inside, set.folder), cifarFiles(kind));
    await writeFile(join(packed, set.archive), cifarArchive(kind));
    const split = await loadCifarFolder(plain, { name: 'n' });
    expect([split.train.name, split.train.count, split.test.count]).toEqual([
      'n/train',
      2 * set.files.train.length,
      3,
    ]);
    expect(await loadCifarFolder(inside, { name: 'n' })).toEqual(split);
    expect(await loadCifarFolder(packed, { name: 'n' })).toEqual(split);
    expect(inMemory((await openData(plain)).train).images).toEqual(split.train.images);
  });

  const rejects = async (folder: string, message: RegExp, options = {}): Promise<void> => {
    await expect(loadCifarFolder(folder, options)).rejects.toThrow(DataError);
    await expect(loadCifarFolder(folder, options)).rejects.toThrow(message);
  };

  it('names what is missing and what is there', async () => {
    const folder = await tempFolder();
    await rejects(folder, /expected data_batch_1\.bin, .*train\.bin, test\.bin .*the folder is empty$/);
    await writeFiles(folder, cifarFiles('cifar10'));
    await rm(join(folder, 'data_batch_3.bin'));
    await rejects(folder, /but 1 of 6 files are missing \(data_batch_3\.bin\); there is data_batch_1\.bin, /);
    await writeFiles(folder, cifarFiles('cifar100'));
    await rejects(folder, /got both cifar10 and cifar100/);
    expect((await loadCifarFolder(folder, { kind: 'cifar100' })).test.count).toBe(3);
    await rejects(join(folder, 'none'), /there is no such folder$/);
    await rejects(join(folder, 'train.bin'), /it is not a folder$/);
    const kind = 'toString' as CifarName;
    await expect(loadCifarFolder(folder, { kind })).rejects.toThrow(OptionError);
  });

  it('checks the known set by counts or digest', async () => {
    const [plain, packed] = [await tempFolder(), await tempFolder()];
    await writeFiles(plain, cifarFiles('cifar10'));
    await rejects(plain, /expected 50000 images in .*, got 10$/, { known: 'cifar10' });
    await writeFile(join(packed, cifarSets.cifar10.archive), cifarArchive('cifar10'));
    await rejects(packed, /not the published file: expected sha256 c4a38c50/, { known: 'cifar10' });
  });

  it('refuses an archive without a file', async () => {
    const folder = await tempFolder();
    const { 'test.bin': _, ...rest } = cifarFiles('cifar100');
    await writeFile(join(folder, cifarSets.cifar100.archive), cifarArchive('cifar100', rest));
    await rejects(folder, /but 1 of 2 files are missing \(test\.bin\); there is .*train\.bin$/);
  });
});

describe('downloadCifar', () => {
  const archive = cifarArchive('cifar10');
  const file = cifarSets.cifar10.archive;

  it('fetches the archive once, checks it, and reads it from the cache', async () => {
    const [cacheDir, mirror] = [await tempFolder(), await startMirror(serve({ [file]: archive }))];
    const set = cifarSetAt('cifar10', archive, mirror.url);
    const folder = await downloadCifar(set, { cacheDir });
    expect(await readdir(folder)).toEqual([file]);
    const split = await readCifarSet(await nodeFolder(folder, 'a set'), set, { known: 'cifar10' }, nodeHash);
    expect([split.train.name, split.train.count]).toEqual(['cifar10/train', 10]);
    await downloadCifar(set, { cacheDir });
    expect(mirror.requests).toEqual([`/${file}`]);
    await writeFile(join(folder, file), 'damaged');
    await downloadCifar(set, { cacheDir });
    expect(mirror.requests).toHaveLength(2);
  });

  it('says what to do by hand when no mirror has it, and takes what was put there', async () => {
    const cacheDir = await tempFolder();
    const wrong = await startMirror(serve({ [file]: gzipSync('something else') }));
    const cutting = cutAfter(100, archive);
    const { onProgress } = cutting;
    const cut = await startMirror(cutting);
    const set = cifarSetAt('cifar10', archive, wrong.url, cut.url);
    const error: unknown = await downloadCifar(set, { cacheDir, onProgress }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(OfflineError);
    const folder = join(cacheDir, 'cifar10');
    expect((error as OfflineError).message).toMatch(/: expected sha256 .* of the gzip, got /);
    expect((error as OfflineError).message).toContain(
      `Get this file in another way and put it into ${folder} :\n  ${file}`,
    );
    expect(await readdir(folder)).not.toContain(file);
    await writeFiles(folder, cifarFiles('cifar10'));
    expect(await downloadCifar(set, { cacheDir })).toBe(folder);
  });
});

describe('readTar', () => {
  const content = new TextEncoder().encode('hello');
  const end = new Uint8Array(1024);
  const tar = Uint8Array.from(
    Buffer.concat([tarEntry('./a', content), tarEntry('l', new Uint8Array(0), '2'), end]),
  );

  it('reads regular files only', () => {
    expect([...readTar(tar, 't')]).toEqual([['a', content]]);
  });

  it.each([
    ['cut in a file', tar.subarray(0, 514), /^t: a: expected 5 bytes, got 2/],
    ['without an end', tar.subarray(0, 1024), /cut off at byte 1024$/],
    ['with a wrong checksum', tar.with(0, 65), /expected a tar header at byte 0, but its checksum/],
    ['with a file twice', Buffer.concat([tarEntry('a', content), tar]), /a: expected it once/],
  ])('refuses an archive %s', (_, bytes, message) => {
    expect(() => readTar(bytes, 't')).toThrow(DataError);
    expect(() => readTar(bytes, 't')).toThrow(message);
  });
});

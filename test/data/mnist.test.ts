import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { batches } from '../../src/data/batches.js';
import { downloadKnownSet, loadKnownSet } from '../../src/data/download-node.js';
import { encodeIdxLabels } from '../helpers/idx-encode.js';
import { idxFileNames, idxRoles } from '../../src/data/idx-files.js';
import { loadIdxFolder } from '../../src/data/idx-folder-node.js';
import { hasShared, sharedPath } from '../helpers/shared.js';
import { tempFolder } from './helpers.js';

describe.skipIf(!hasShared('data', 'mnist'))('real MNIST', () => {
  it('has the published digests, counts and statistics', async () => {
    const { train, test } = await loadIdxFolder(sharedPath('data', 'mnist'));
    // The names show that the digests matched, though another gzip packed these files.
    expect([train.count, test.count, ...train.shape]).toEqual([60_000, 10_000, 1, 28, 28]);
    expect([train.name, test.name]).toEqual(['mnist/train', 'mnist/test']);
    expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);

    // 0.1307 and 0.3081 are the constants of the PyTorch example, rounded to four digits.
    let [sum, squares] = [0, 0];
    for (const pixel of train.images) {
      sum += pixel / 255;
      squares += (pixel / 255) ** 2;
    }
    const mean = sum / train.images.length;
    expect(mean).toBeCloseTo(0.1307, 4);
    expect(Math.sqrt(squares / train.images.length - mean ** 2)).toBeCloseTo(0.3081, 4);

    const seen = new Int32Array(10);
    for await (const { labels } of batches(train, { batchSize: 64, shuffle: true, seed: 1, reuse: true })) {
      for (const label of labels) seen[label] = (seen[label] ?? 0) + 1;
    }
    expect([...seen]).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  });

  it('is taken from the cache when put there by hand, though packed by another gzip', async () => {
    const cacheDir = await tempFolder();
    await mkdir(join(cacheDir, 'mnist'));
    for (const name of idxRoles.map((role) => idxFileNames(role)[0])) {
      await writeFile(join(cacheDir, 'mnist', name), await readFile(sharedPath('data', 'mnist', name)));
    }
    const fetch = (): never => {
      throw new Error('no request expected');
    };
    expect(await downloadKnownSet('mnist', { cacheDir, fetch })).toBe(join(cacheDir, 'mnist'));
    const { test } = await loadKnownSet('mnist', { cacheDir, fetch });
    expect(test.count).toBe(10_000);
    // One changed label, and it is no longer MNIST.
    const changed = test.labels.slice();
    changed[0] = 8;
    await writeFile(join(cacheDir, 'mnist', 't10k-labels-idx1-ubyte.gz'), encodeIdxLabels(changed));
    expect((await loadIdxFolder(join(cacheDir, 'mnist'), { name: 'x' })).test.name).toBe('x/test');
    await rename(join(cacheDir, 'mnist'), join(cacheDir, 'nearly'));
    expect((await loadIdxFolder(join(cacheDir, 'nearly'))).test.name).toBe('nearly/test');
    await expect(loadIdxFolder(join(cacheDir, 'nearly'), { known: 'mnist' })).rejects.toThrow(
      /t10k-labels-idx1-ubyte\.gz: not the published file: expected sha256 ff7bcfd/,
    );
  });
});

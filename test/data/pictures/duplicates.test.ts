import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findDuplicates } from '../../../src/data/pictures/duplicates-node.js';
import { closeItemFiles } from '../../../src/data/pictures/items-node.js';
import { listPictures } from '../../../src/data/pictures/listing-node.js';
import { tarEntry } from '../cifar-helpers.js';
import { tempFolder } from '../helpers.js';
import { photos } from './helpers.js';

describe('findDuplicates', () => {
  it('finds the same bytes in training and evaluated parts', async () => {
    const folder = await photos(
      'train/a/1.png',
      'train/a/2.png',
      'train/b/3.png',
      'val/a/4.png',
      'test/b/5.png',
      'test/b/6.png',
    );
    const at = (path: string): string => join(folder, path);
    // Under another class and name, and twice.
    await copyFile(at('train/a/2.png'), at('val/b.png').replace('b.png', 'a/copy.png'));
    await copyFile(at('train/a/2.png'), at('train/b/copy.png'));
    await copyFile(at('train/b/3.png'), at('test/b/copy.png'));
    // Equal among the evaluated ones only, which proves what it should.
    await copyFile(at('test/b/5.png'), at('test/b/5 again.png'));
    expect(await findDuplicates(await listPictures(folder))).toEqual([
      { train: at('train/a/2.png'), test: at('val/a/copy.png') },
      { train: at('train/b/3.png'), test: at('test/b/copy.png') },
    ]);
  });

  it('finds them inside of a shard', async () => {
    const path = join(await tempFolder(), 's.tar');
    const [picture, label] = [Buffer.from('a picture'), Buffer.from('0')];
    const entries = ['a', 'b'].flatMap((key) => [
      tarEntry(`${key}.png`, picture),
      tarEntry(`${key}.cls`, label),
    ]);
    await writeFile(path, Buffer.concat([...entries, new Uint8Array(1024)]));
    const { parts, ...listing } = await listPictures(path);
    expect([parts.train.length, parts.test.length]).toEqual([1, 1]);
    expect(await findDuplicates({ ...listing, parts })).toEqual([
      { train: parts.train[0]?.where, test: parts.test[0]?.where },
    ]);
    await closeItemFiles();
  });

  it('tells files of equal size apart', async () => {
    const folder = await photos('train/a/1.png', 'test/a/2.png');
    await writeFile(join(folder, 'train/a/1.png'), 'abc');
    await writeFile(join(folder, 'test/a/2.png'), 'abd');
    expect(await findDuplicates(await listPictures(folder))).toEqual([]);
  });
});

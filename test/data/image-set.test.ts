import { describe, expect, it } from 'vitest';
import { imageName, readImageSet, type ImageFile } from '../../src/data/image-set.js';
import { DataError, OptionError } from '../../src/errors.js';
import { inMemory } from '../helpers/memory.js';

/** An image whose pixels all have one value. */
const image = (path: string, value = 1): ImageFile => ({
  path,
  where: path,
  size: () => Promise.resolve({ height: 2, width: 3 }),
  decode: ({ channels, height, width }) =>
    Promise.resolve(new Uint8Array(channels * height * width).fill(value)),
});
const images = (...paths: readonly string[]): readonly ImageFile[] =>
  paths.map((path, i) => image(path, i + 1));

describe('readImageSet', () => {
  it('takes classes from folders and halves from train and test', async () => {
    const { train, test } = await readImageSet(
      'pets',
      images('train/cat/1.png', 'train/dog/1.png', 'train/cat/2.png', 'test/dog/9.png'),
      { channels: 1 },
    );
    expect(train).toMatchObject({
      ...{ name: 'pets/train', count: 3, shape: [1, 2, 3], classes: ['cat', 'dog'] },
      labels: Int32Array.of(0, 1, 0),
    });
    expect(Array.from(inMemory(train).images)).toEqual(
      [1, 2, 3].flatMap((value) => new Array<number>(6).fill(value)),
    );
    expect(test).toMatchObject({
      name: 'pets/test',
      count: 1,
      labels: Int32Array.of(1),
      classes: ['cat', 'dog'],
    });
  });

  it('counts folders below those of the classes to the class', async () => {
    const { train, test } = await readImageSet(
      's',
      images('a/x/1.png', 'a/y/2.png', 'b/1.png', 'b/2.png'),
      {},
    );
    expect([train.count, test.count, train.shape[0], train.classes]).toEqual([2, 2, 3, ['a', 'b']]);
  });

  it('takes classes from names where all lie in one folder', async () => {
    const names = ['seven_1.png', 'seven-2.PNG', 'cat12.jpeg', 'cat (3).webp', '7.1.gif', '7_2.bmp'];
    const { train, test } = await readImageSet('s', images(...names), {});
    expect(train.classes).toEqual(['7', 'cat', 'seven']);
    expect([train.count, test.count]).toEqual([3, 3]);
    const inHalves = await readImageSet('s', images('train/a1.png', 'train/b1.png', 'test/a9.png'), {});
    expect([inHalves.train.count, inHalves.test.count]).toEqual([2, 1]);
  });

  it('orders numbers by size', async () => {
    const names = ['10', '9', '2', 'b', 'a'].flatMap((label) => [`${label}/1.png`, `${label}/2.png`]);
    expect((await readImageSet('s', images(...names), {})).train.classes).toEqual(['2', '9', '10', 'a', 'b']);
  });

  it('tests with a share of each class, the same for the same seed, whatever the order of the files', async () => {
    const names = ['a', 'b'].flatMap((label) => Array.from({ length: 10 }, (_, i) => `${label}/${i}.png`));
    // The value tells the file.
    const files = names.map((name, i) => image(name, i));
    const held = async (order: readonly ImageFile[], seed: number): Promise<readonly number[]> => {
      const test = inMemory((await readImageSet('s', order, { testShare: 0.3, seed })).test);
      expect(Array.from(test.labels)).toEqual([0, 0, 0, 1, 1, 1]);
      return Array.from({ length: 6 }, (_, i) => test.images[i * 18] ?? -1).sort((a, b) => a - b);
    };
    const first = await held(files, 0);
    expect(await held([...files].reverse(), 0)).toEqual(first);
    expect(await held(files, 1)).not.toEqual(first);
  });

  it.each<readonly [string, readonly ImageFile[], RegExp]>([
    [
      'no classes',
      images('a/x1.png', 'a/x2.png'),
      /^s: expected images of 2 to 256 classes, .* got only 'x'$/,
    ],
    [
      'too many',
      images(...Array.from({ length: 257 }, (_, i) => `${i}/1.png`)),
      /^s: expected images of 2 to 256 classes, .* got 257$/,
    ],
    [
      'a single image of a class',
      images('a/1.png', 'a/2.png', 'b/1.png'),
      /^s: expected at least 2 images of 'b'/,
    ],
    [
      'one outside of the folders',
      images('a/1.png', 'b/1.png', 'stray.png'),
      /^stray\.png: expected it in a folder named after its class, as the other images of s are$/,
    ],
    [
      'a name without a beginning',
      images('_1.png', 'b1.png'),
      /^_1\.png: expected a name that begins with the class/,
    ],
    [
      'a test set alone',
      images('test/a/1.png', 'test/b/1.png'),
      /s\/train: expected count to be a positive integer/,
    ],
  ])('refuses %s', async (_, files, message) => {
    await expect(readImageSet('s', files, {})).rejects.toThrow(DataError);
    await expect(readImageSet('s', files, {})).rejects.toThrow(message);
  });

  it('refuses a share that is none', async () => {
    const files = images('a/1.png', 'a/2.png', 'b/1.png', 'b/2.png');
    for (const testShare of [0, 1, -1, NaN]) {
      await expect(readImageSet('s', files, { testShare })).rejects.toThrow(OptionError);
    }
  });
});

it('imageName knows what browsers decode', () => {
  for (const name of ['a.png', 'b.JPG', 'c.jpeg', 'd.webp', 'e.gif', 'f.bmp', 'g.avif'])
    expect(name).toMatch(imageName);
  for (const name of ['a.txt', 'png', 'b.tiff', 'c.png.gz']) expect(name).not.toMatch(imageName);
});

import { describe, expect, it } from 'vitest';
import {
  batches,
  isPictureDataset,
  prepareBatch,
  readImages,
  selectClasses,
} from '../../../src/data/index.js';
import { describeDataset, openDescription } from '../../../src/data/description.js';
import { newCaches, webCache } from '../../../src/data/pictures/cache-web.js';
import {
  pictureSet,
  type PictureDataset,
  type PictureDecoder,
  type PictureSetDescription,
} from '../../../src/data/pictures/picture-set.js';
import { DataError } from '../../../src/errors.js';
import { all } from '../../helpers/memory.js';

/** Makes pictures of 2x2 grey pixels that say which file they are, the first ones last; counts how often each is decoded. */
function decoderOf(side = 2): PictureDecoder & { readonly decoded: string[] } {
  const decoded: string[] = [];
  return {
    decoded,
    async decode({ at, where }) {
      decoded.push(where);
      const number = 'path' in at ? Number(at.path) : NaN;
      await new Promise((resolve) => setTimeout(resolve, number === 0 ? 5 : 0));
      if (number >= 90) throw new DataError(`${where}: expected an image`);
      return { data: new Uint8Array(side * side).fill(number), channels: 1, height: side, width: side };
    },
    openCache: webCache,
  };
}

function setOf(
  numbers: readonly number[],
  decoder: PictureDecoder,
  more: Partial<PictureSetDescription> = {},
): PictureDataset {
  const items = numbers.map((number) => ({
    where: `${number}.png`,
    label: number % 3,
    at: { path: String(number) },
  }));
  const preprocessing = { transforms: [], background: '#ffffff' };
  return pictureSet(
    { name: 'p', classes: ['a', 'b', 'c'], items, shape: [1, 2, 2], preprocessing, ...more },
    decoder,
  );
}

describe('a data set of pictures', () => {
  it('gives pixels and labels in the order that is asked for', async () => {
    const set = setOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], decoderOf());
    const images = await readImages(set, [9, 0, 4]);
    expect(images.map(({ label }) => label)).toEqual([0, 0, 1]);
    expect(images.map(({ pixels }) => [...pixels])).toEqual(
      [9, 0, 4].map((value) => [value, value, value, value]),
    );
  });

  it('names the first bad picture, whichever is decoded first', async () => {
    // Number 0 takes its time; 90 and 91 fail at once, 91 before 90 in the order of the second case.
    const set = setOf([0, 90, 91], decoderOf());
    await expect(readImages(set, [0, 1, 2])).rejects.toThrow('90.png: expected an image');
    await expect(readImages(set, [2, 1, 0])).rejects.toThrow('91.png: expected an image');
  });

  it('names a picture that is of another shape after the preprocessing', async () => {
    const set = setOf([7], decoderOf(3));
    await expect(readImages(set, [0])).rejects.toThrow(DataError);
    await expect(readImages(set, [0])).rejects.toThrow(
      '7.png: expected a picture of 1x2x2 after the preprocessing, got 1x3x3',
    );
  });

  it('of some classes is one, too, and keeps its pictures apart', async () => {
    const [cache] = newCaches([6]);
    const decoder = decoderOf();
    const set = setOf([1, 2, 3, 4, 5, 6], decoder, cache && { cache });
    await readImages(set, [0, 1, 2, 3, 4, 5]);
    const chosen = selectClasses(set, ['c', 'a']);
    expect(isPictureDataset(chosen)).toBe(true);
    expect([chosen.name, chosen.count, chosen.classes]).toEqual(['p[c,a]', 4, ['c', 'a']]);
    for (let i = 0; i < 2; i++) {
      const images = await readImages(chosen, [0, 1, 2, 3]);
      expect(images.map(({ pixels, label }) => [pixels[0], label])).toEqual([
        [2, 0],
        [3, 1],
        [5, 0],
        [6, 1],
      ]);
    }
    // Once by the whole set, once by the chosen one.
    expect(decoder.decoded).toHaveLength(6 + 4);
    expect((await readImages(set, [1]))[0]?.pixels[0]).toBe(2);
  });

  it('keeps what evaluation sees apart from what random transforms start from', async () => {
    const [cache] = newCaches([2]);
    const decoder = decoderOf(8);
    const preprocessing = { transforms: [{ name: 'centerCrop', size: 2 } as const], background: '#ffffff' };
    const set = setOf([5, 6], decoder, { preprocessing, ...(cache && { cache }) });
    const augment = [{ name: 'randomCrop', size: 2 }] as const;
    for (let i = 0; i < 2; i++) {
      const [plain] = await all(batches(set, { batchSize: 2 }));
      const [changed] = await all(batches(set, { batchSize: 2, augment }));
      expect(changed?.images).toEqual(plain?.images);
    }
    expect(decoder.decoded).toHaveLength(4);
  });

  it('is described with the names that it has now', async () => {
    const set = { ...setOf([4], decoderOf()), classes: ['x', 'y', 'z'] };
    const description = describeDataset(set);
    expect(description?.kind).toBe('pictures');
    const opened = description && openDescription(structuredClone(description), decoderOf());
    expect([opened?.classes, opened?.count]).toEqual([['x', 'y', 'z'], 1]);
    expect(opened && (await readImages(opened, [0]))).toEqual(await readImages(set, [0]));
  });
});

describe('training sees what evaluation does', () => {
  const pixelsOf = async (set: PictureDataset, augment?: 'none' | 'light'): Promise<readonly number[]> => {
    const seeded = augment && { augment, seed: 1, epoch: 0 };
    const { images } = await prepareBatch(set, [0, 1], undefined, {}, seeded);
    return Array.from(images, (value) => Math.round(255 * value));
  };

  it('with the policy none, whatever the preprocessing is', async () => {
    // Of the 6x6 pixels, the policy's own resize would leave none out.
    const transforms = [{ name: 'centerCrop', size: 2 } as const];
    const gradient: PictureDecoder = {
      ...decoderOf(),
      decode: () =>
        Promise.resolve({
          data: Uint8Array.from({ length: 36 }, (_, i) => i),
          channels: 1,
          height: 6,
          width: 6,
        }),
    };
    const set = setOf([10, 20], gradient, { preprocessing: { transforms, background: '#ffffff' } });
    expect(await pixelsOf(set, 'none')).toEqual([14, 15, 20, 21, 14, 15, 20, 21]);
    expect(await pixelsOf(set)).toEqual(await pixelsOf(set, 'none'));
  });

  it('with the policy light, where the preprocessing makes negatives', async () => {
    const transforms = [{ name: 'invert', p: 1 } as const];
    const set = setOf([10, 20], decoderOf(), { preprocessing: { transforms, background: '#ffffff' } });
    expect(await pixelsOf(set)).toEqual([245, 245, 245, 245, 235, 235, 235, 235]);
    expect(await pixelsOf(set, 'light')).toEqual(await pixelsOf(set));
  });
});

import { describe, expect, test } from 'vitest';
import { readImages, type DataSplit, type Dataset } from '../../src/data/index.js';
import { newCaches, webCache } from '../../src/data/pictures/cache-web.js';
import { pictureSet, type PictureDecoder } from '../../src/data/pictures/picture-set.js';
import { OptionError } from '../../src/errors.js';
import { dataToSend, receiveData, type SentDataOpener } from '../../src/worker/sent-data.js';
import { smallSet } from '../data/helpers.js';

/** Of a file of four bytes makes a picture of 2x2 grey pixels, and counts how often. */
function countingDecoder(): PictureDecoder & SentDataOpener & { count: number } {
  return {
    count: 0,
    async decode({ at }) {
      this.count += 1;
      if (!('file' in at)) throw new Error('a page reads files');
      return { data: new Uint8Array(await at.file.arrayBuffer()), channels: 1, height: 2, width: 2 };
    },
    openCache: (cache, channels) => webCache(cache, channels),
    newCaches,
  };
}

/** As the data arrive in a worker. */
const sent = (data: DataSplit, opener = countingDecoder()): DataSplit =>
  receiveData(structuredClone(dataToSend(data)), opener) as DataSplit;

describe('data that are sent to a worker', () => {
  test('in memory: all parts are there, with their names', () => {
    const [train, test_, final] = [smallSet(5), smallSet(3), smallSet(2)];
    const data = { train, test: { ...test_, name: 'b' }, final: { ...final, name: 'c' } };
    expect(sent(data)).toEqual(data);
    expect(sent({ train, test: test_ })).toEqual({ train, test: test_ });
  });

  test('a copy with other pixels is sent with these', () => {
    const changed = { ...smallSet(2), images: new Uint8Array(24).fill(3) };
    expect(sent({ train: changed, test: changed }).train).toEqual(changed);
  });

  function pictures(count: number, keeps: boolean): DataSplit {
    const items = Array.from({ length: count }, (_, i) => ({
      where: `${i}.png`,
      label: i % 2,
      at: { file: new Blob([Uint8Array.of(i, 1, 2, 3)]) },
    }));
    const [cache] = keeps ? newCaches([count]) : [];
    const part = (name: string): Dataset =>
      pictureSet(
        {
          ...{ name, classes: ['a', 'b'], items, shape: [1, 2, 2] },
          preprocessing: { transforms: [], background: '#ffffff' },
          ...(cache && { cache }),
        },
        countingDecoder(),
      );
    const report = { skipped: [], bad: [], duplicates: [], warnings: ['a hint'] };
    return { train: part('train'), test: part('test'), final: part('final'), report };
  }

  test('pictures cross as their files and are decoded where they arrive', async () => {
    const opener = countingDecoder();
    const data = pictures(5, false);
    const came = sent(data, opener);
    expect([came.train.name, came.test.name, came.final?.name]).toEqual(['train', 'test', 'final']);
    expect(came.report).toEqual(data.report);
    expect(await readImages(came.train, [3, 0])).toEqual(await readImages(data.train, [3, 0]));
    await readImages(came.train, [3]);
    expect(opener.count).toBe(3);
  });

  test('what the worker has decoded is kept there if the page would keep it', async () => {
    const opener = countingDecoder();
    const came = sent(pictures(5, true), opener);
    for (let i = 0; i < 3; i++) await readImages(came.train, [1, 2]);
    expect(opener.count).toBe(2);
  });

  test('a data set that is read by functions of one’s own stays', () => {
    const { name, count, shape, classes } = smallSet(4);
    const own: Dataset = { name, count, shape, classes, read: () => undefined };
    for (const data of [
      { train: own, test: smallSet(4) },
      { train: smallSet(4), test: smallSet(4), final: own },
    ]) {
      expect(() => dataToSend(data)).toThrow(OptionError);
      expect(() => dataToSend(data)).toThrow(
        /got small, which is read by functions of yours and cannot be sent to the worker; call trainResNet inside a worker/,
      );
    }
  });

  test('files and names cross as they are', () => {
    const files = [{ path: 'a/b.png', file: new Blob(['x']) }];
    expect(dataToSend(files)).toEqual(files);
    expect(receiveData(files, countingDecoder())).toBe(files);
    expect(dataToSend('digits')).toBe('digits');
    expect(dataToSend('mnist' as 'digits')).toBe('mnist');
  });
});

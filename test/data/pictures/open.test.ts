import { describe, expect, it } from 'vitest';
import { AbortedError, DataError, IoError, OptionError } from '../../../src/errors.js';
import {
  openListing,
  type CheckProgress,
  type PictureFacts,
  type PictureOpener,
} from '../../../src/data/pictures/open.js';
import { newCaches, webCache } from '../../../src/data/pictures/cache-web.js';
import type { PictureItem, PictureListing } from '../../../src/data/pictures/listing.js';

const item = (where: string, label = 0): PictureItem => ({ where, label, at: { path: where } });
const items = (count: number, label = 0): readonly PictureItem[] =>
  Array.from({ length: count }, (_, i) => item(`${label}/${i}.png`, label));

function listing(
  train: readonly PictureItem[],
  test: readonly PictureItem[],
  final?: readonly PictureItem[],
): PictureListing {
  const parts = { train, test, ...(final && { final }) };
  return { name: 'photos', classes: ['a', 'b'], parts, skipped: [], warnings: ['odd'] };
}

/** All pictures are of these facts; those whose path has `bad` cannot be decoded. */
function opener({ height = 300, width = 300, isGrey = false }: Partial<PictureFacts> = {}): PictureOpener & {
  readonly decoded: string[];
} {
  const decoded: string[] = [];
  return {
    decoded,
    async decode({ where }, { channels }) {
      decoded.push(where);
      await Promise.resolve();
      if (where.includes('bad')) throw new DataError(`${where}: expected an image`);
      if (where.includes('gone')) throw new IoError(`${where}: cannot read the file`);
      return { data: new Uint8Array(channels), channels, height: 1, width: 1 };
    },
    facts: () => Promise.resolve({ height, width, isGrey }),
    openCache: webCache,
    newCaches,
    findDuplicates: () => Promise.resolve([{ train: '0/0.png', test: '1/0.png' }]),
  };
}

const few = listing(items(3), items(2, 1));

describe('the size of the images', () => {
  it.each([
    ['photographs', { height: 3000, width: 4000 }, {}, [3, 224, 224]],
    ['small ones', { height: 64, width: 64 }, {}, [3, 64, 64]],
    ['the shorter side counts, in steps of 8', { height: 100, width: 71 }, {}, [3, 64, 64]],
    ['tiny ones', { height: 9, width: 9 }, {}, [3, 32, 32]],
    ['grey ones', { height: 64, width: 64, isGrey: true }, {}, [1, 64, 64]],
    ['grey ones, for a network of colours', { isGrey: true }, { channels: 3 }, [3, 224, 224]],
    ['a small network', { height: 3000, width: 4000 }, { largest: 28 }, [3, 28, 28]],
    ['a small network, tiny ones', { height: 9, width: 9 }, { largest: 28 }, [3, 28, 28]],
    ['asked for', {}, { imageSize: [20, 30] as const }, [3, 20, 30]],
    ['all asked for', {}, { imageSize: 20, channels: 1 }, [1, 20, 20]],
  ])('%s', async (_, facts, options, expected) => {
    const { train, test } = await openListing(few, options, opener(facts));
    expect([train.shape, test.shape]).toEqual([expected, expected]);
  });

  it('is that of the middle picture', async () => {
    const sides = [40, 500, 64, 400, 48];
    let next = 0;
    const varied = {
      ...opener(),
      facts: () => Promise.resolve({ height: sides[next++] ?? 0, width: 600, isGrey: next === 1 }),
    };
    const { train } = await openListing(listing(items(5), items(1, 1)), {}, varied);
    // One picture in colour is enough for colours.
    expect(train.shape).toEqual([3, 64, 64]);
  });

  it.each([
    [{ channels: 2 }, 'channels: expected 1 or 3, got 2'],
    [{ imageSize: 0 }, /imageSize.*: expected a whole number of at least 1, got 0/],
  ])('%j is refused', async (options, message) => {
    const opened = openListing(few, options, opener());
    await expect(opened).rejects.toThrow(OptionError);
    await expect(opened).rejects.toThrow(message);
  });
});

describe('bad pictures', () => {
  const some = listing([...items(9), item('0/bad.png')], [item('1/bad.png', 1), ...items(2, 1)]);

  it('stop: the first is named, with what can be done', async () => {
    await expect(openListing(some, {}, opener())).rejects.toThrow(
      '0/bad.png: expected an image; mend or remove it, or leave bad pictures out (skipBadImages, --skip-bad-images)',
    );
  });

  it('are left out where that is asked for, and told', async () => {
    const { train, test, report } = await openListing(some, { skipBadImages: true }, opener());
    expect([train.count, test.count]).toEqual([9, 2]);
    expect(report.bad).toEqual([
      { where: '0/bad.png', why: '0/bad.png: expected an image' },
      { where: '1/bad.png', why: '1/bad.png: expected an image' },
    ]);
    expect(report.warnings).toEqual(['odd']);
    expect(report.duplicates).toHaveLength(1);
  });

  it('of a whole part are an error, of a class a warning', async () => {
    const test = listing(items(2), [item('1/bad.png', 1)]);
    await expect(openListing(test, { skipBadImages: true }, opener())).rejects.toThrow(
      'photos: expected pictures for test, but none can be decoded: 1/bad.png: expected an image',
    );
    const lost = listing([...items(2), item('1/bad.png', 1)], items(1, 1), items(1));
    const { report } = await openListing(lost, { skipBadImages: true }, opener());
    expect(report.warnings.at(-1)).toMatch(/^photos: no training picture of class b can be decoded/);
  });

  it('that the system does not give are never left out', async () => {
    const gone = listing([item('0/gone.png'), ...items(2)], items(1, 1));
    const opened = openListing(gone, { skipBadImages: true }, opener());
    await expect(opened).rejects.toThrow(IoError);
    await expect(opened).rejects.toThrow('0/gone.png: cannot read the file');
  });

  it('are looked for in up to 20,000 pictures, in more where they are to be left out', async () => {
    const many = listing(items(20_000), items(1, 1));
    const lazy = opener();
    await openListing(many, {}, lazy);
    expect(lazy.decoded).toEqual([]);
    const eager = opener();
    await openListing(many, { skipBadImages: true }, eager);
    expect(eager.decoded).toHaveLength(20_001);
  });
});

describe('the check of the pictures', () => {
  it('tells how far it is', async () => {
    const told: CheckProgress[] = [];
    await openListing(listing(items(17), items(3, 1)), { onCheck: (each) => void told.push(each) }, opener());
    expect(told.at(-1)).toEqual({ checked: 20, total: 20 });
    expect(told.map(({ checked }) => checked)).toEqual(
      told.map(({ checked }) => checked).toSorted((a, b) => a - b),
    );
    expect(told.length).toBeGreaterThan(1);
  });

  it('stops soon after it is asked to', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const busy = opener();
    const reason = new Error('enough');
    const opened = openListing(
      listing(items(1000), items(3, 1)),
      {
        signal,
        onCheck: () => {
          controller.abort(reason);
        },
      },
      busy,
    );
    await expect(opened).rejects.toThrow(AbortedError);
    await expect(opened).rejects.toMatchObject({ cause: reason });
    expect(busy.decoded.length).toBeLessThan(50);
  });
});

it('three parts are three data sets, one that is all of them has no duplicates', async () => {
  const three = await openListing(listing(items(3), items(2, 1), items(1)), {}, opener());
  expect([three.train.name, three.test.name, three.final?.name]).toEqual([
    'photos/train',
    'photos/val',
    'photos/test',
  ]);
  const all = items(4);
  const busy = opener();
  const one = await openListing(listing(all, all), {}, busy);
  expect([one.train.name, one.test.name, one.report.duplicates]).toEqual(['photos/all', 'photos/all', []]);
  expect(busy.decoded).toHaveLength(4);
});

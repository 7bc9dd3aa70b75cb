import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  memoryStore,
  newEntries,
  newTaken,
  openCache,
  shared,
  UNIT,
} from '../../../src/data/pictures/cache.js';
import { newCaches, nodeCache } from '../../../src/data/pictures/cache-node.js';
import type { PictureCache } from '../../../src/data/pictures/cache-types.js';
import type { Picture } from '../../../src/data/picture.js';
import { assert } from '../../../src/errors.js';

/** A picture of `side` x `side` whose samples all say which it is. */
const picture = (value: number, side: number, channels = 3): Picture => ({
  data: new Uint8Array(side * side * channels).fill(value),
  ...{ channels, height: side, width: side },
});

function inMemory(bytes: number, count: number): PictureCache {
  const store = memoryStore(new Uint8Array(shared(bytes)));
  return openCache({ entries: newEntries(count), taken: newTaken() }, store, 3);
}

describe('a cache in memory', () => {
  it('gives back what was put, by its place, and nothing for others', async () => {
    const cache = inMemory(4096, 3);
    const wide: Picture = {
      data: Uint8Array.from({ length: 30 }, (_, i) => i),
      channels: 3,
      height: 2,
      width: 5,
    };
    await cache.put(4, wide);
    await cache.put(0, picture(9, 4));
    expect([await cache.get(4), await cache.get(0)]).toEqual([wide, picture(9, 4)]);
    for (const place of [1, 2, 3, 5]) expect(await cache.get(place)).toBeUndefined();
  });

  it('gives copies', async () => {
    const cache = inMemory(4096, 1);
    const given = picture(7, 2);
    await cache.put(0, given);
    given.data.fill(1);
    (await cache.get(0))?.data.fill(2);
    expect(await cache.get(0)).toEqual(picture(7, 2));
  });

  it('keeps the first of two pictures for a place', async () => {
    const cache = inMemory(4096, 1);
    await cache.put(0, picture(1, 2));
    await cache.put(0, picture(2, 2));
    expect(await cache.get(0)).toEqual(picture(1, 2));
  });

  it('takes what there is room for: no byte more, and a smaller one after one that is too large', async () => {
    // 4x4x3 = 48 bytes are 3 units; 5x5x3 = 75 are 5.
    const cache = inMemory(8 * UNIT + 7, 4);
    await cache.put(0, picture(1, 4));
    await cache.put(1, picture(2, 6));
    await cache.put(2, picture(3, 5));
    await cache.put(3, picture(4, 1));
    expect(await cache.get(0)).toEqual(picture(1, 4));
    expect(await cache.get(1)).toBeUndefined();
    expect(await cache.get(2)).toEqual(picture(3, 5));
    expect(await cache.get(3)).toBeUndefined();
  });

  it('of several data sets has one store', async () => {
    const [store, taken] = [memoryStore(new Uint8Array(8 * UNIT)), newTaken()];
    const [one, two] = [1, 1].map((count) => openCache({ entries: newEntries(count), taken }, store, 3));
    assert(one && two, 'both are there');
    await Promise.all([one.put(0, picture(1, 4)), two.put(0, picture(2, 4))]);
    expect([await one.get(0), await two.get(0)]).toEqual([picture(1, 4), picture(2, 4)]);
    await two.put(1, picture(3, 4));
    expect(await two.get(1)).toBeUndefined();
  });

  it('shows a picture when it is whole, not before', async () => {
    let write: () => void = () => undefined;
    const bytes = new Uint8Array(64);
    const slow = {
      ...memoryStore(bytes),
      write: (at: number, data: Uint8Array) =>
        new Promise<void>((resolve) => {
          write = () => {
            bytes.set(data, at);
            resolve();
          };
        }),
    };
    const cache = openCache({ entries: newEntries(1), taken: newTaken() }, slow, 3);
    const putting = cache.put(0, picture(5, 2));
    expect(await cache.get(0)).toBeUndefined();
    write();
    await putting;
    expect(await cache.get(0)).toEqual(picture(5, 2));
  });
});

// `npm test` builds it: threads run no TypeScript.
const built = fileURLToPath(new URL('../../../dist/data/pictures/cache.js', import.meta.url));

describe.skipIf(!existsSync(built))('puts of several threads', () => {
  it('never overlap, and each picture is put by one of them', async () => {
    const count = 400;
    const side = (place: number): number => 1 + (place % 7);
    const [entries, taken] = [newEntries(count / 2), newTaken()];
    // Room for about half of them: what a thread may take is fought for to the end.
    const bytes = new Uint8Array(shared(600 * UNIT));
    const source = `
      const { workerData, parentPort } = require('node:worker_threads');
      const { built, entries, taken, bytes, count, turn } = workerData;
      import(built).then(async ({ openCache, memoryStore }) => {
        const cache = openCache({ entries, taken }, memoryStore(bytes), 3);
        for (let i = 0; i < count; i++) {
          const place = (i + turn) % count;
          const side = 1 + (place % 7);
          const data = new Uint8Array(side * side * 3).fill(place % 251);
          await cache.put(place, { data, channels: 3, height: side, width: side });
        }
        parentPort.postMessage('done');
      });`;
    await Promise.all(
      [0, 3, 7].map(
        (turn) =>
          new Promise<void>((resolve, reject) => {
            const workerData = { built, entries, taken, bytes, count, turn };
            const worker = new Worker(source, { eval: true, workerData, execArgv: [] });
            worker.once('error', reject);
            worker.once('exit', () => {
              resolve();
            });
          }),
      ),
    );
    const cache = openCache({ entries, taken }, memoryStore(bytes), 3);
    let units = 0;
    let found = 0;
    for (let place = 0; place < count; place++) {
      const came = await cache.get(place);
      if (came === undefined) continue;
      expect(came).toEqual(picture(place % 251, side(place)));
      found += 1;
      units += Math.ceil(came.data.length / UNIT);
    }
    expect(found).toBeGreaterThan(100);
    expect(found).toBeLessThan(count);
    // None twice: what is taken is what the pictures need. The largest that found no room needs ten units.
    expect(taken[0]).toBe(units);
    expect(units).toBeLessThanOrEqual(600);
  });
});

describe('newCaches', () => {
  it.each(['ram', 'disk'] as const)('keeps pictures: %s', async (kind) => {
    const descriptions = newCaches(kind, [2, 1]);
    const [one, two] = descriptions.map((each) => {
      assert(each, 'it keeps them');
      return nodeCache(each, 3);
    });
    assert(one && two, 'both are there');
    const all = Array.from({ length: 6 }, (_, i) => picture(10 + i, 3 + i));
    const put = async (cache: PictureCache, pictures: readonly Picture[]): Promise<void> => {
      await Promise.all(
        pictures.map(async (each, place) => {
          await cache.put(place, each);
        }),
      );
    };
    await Promise.all([put(one, all.slice(0, 4)), put(two, all.slice(4))]);
    for (const [i, each] of all.entries()) {
      expect(await (i < 4 ? one.get(i) : two.get(i - 4))).toEqual(each);
    }
  });

  it('keeps nothing where nothing is asked for', () => {
    expect(newCaches('none', [3, 4])).toEqual([undefined, undefined]);
  });

  it('takes at most 512 MiB of memory', () => {
    const [cache] = newCaches('ram', [1]);
    assert(cache?.store.kind === 'ram', 'in memory');
    expect(cache.store.bytes.length).toBeLessThanOrEqual(512 * 2 ** 20);
    expect(cache.store.bytes.length).toBeGreaterThan(0);
  });
});

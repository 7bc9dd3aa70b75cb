import { describe, expect, it } from 'vitest';
import {
  batches,
  channelStatistics,
  checkDataset,
  memoryDataset,
  prepareBatch,
  readImages,
  selectClasses,
  type Batch,
  type Dataset,
  type ReadBuffers,
} from '../../src/data/index.js';
import type { Picture } from '../../src/data/picture.js';
import { DataError, OptionError } from '../../src/errors.js';
import { all } from '../helpers/memory.js';
import { smallSet } from './helpers.js';

const memory = smallSet(11, { channels: 3 });

/** As `memory`, read by functions of one's own. */
const plain: Dataset = {
  ...{ name: memory.name, count: memory.count, shape: memory.shape, classes: memory.classes },
  read: (indices, into) => memory.read(indices, into),
};

/** The same, later. */
const late: Dataset = {
  ...plain,
  async read(indices, into) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await plain.read(indices, into);
  },
};

/** The same as a class, whose members are on its prototype or private. */
class OwnSet implements Dataset {
  readonly #source = memory;
  #reads = 0;

  get name(): string {
    return this.#source.name;
  }
  get count(): number {
    return this.#source.count;
  }
  get shape(): Dataset['shape'] {
    return this.#source.shape;
  }
  get classes(): readonly string[] {
    return this.#source.classes;
  }
  get labels(): Int32Array {
    return this.#source.labels;
  }
  get reads(): number {
    return this.#reads;
  }
  async read(indices: ArrayLike<number>, into: ReadBuffers): Promise<void> {
    this.#reads += 1;
    await this.#source.read(indices, into);
  }
  async pictures(indices: ArrayLike<number>, into: Pick<ReadBuffers, 'labels'>): Promise<readonly Picture[]> {
    const images = await readImages(this.#source, indices);
    return images.map(({ pixels, label, channels, height, width }, i) => {
      into.labels[i] = label;
      const area = height * width;
      const data = Uint8Array.from(
        pixels,
        (_, at) => pixels[(at % channels) * area + Math.floor(at / channels)] ?? 0,
      );
      return { data, channels, height, width };
    });
  }
}

const kinds: readonly (readonly [string, Dataset])[] = [
  ['read at once', plain],
  ['read later', late],
  ['a class with private state', new OwnSet()],
];

describe.each(kinds)('a data set of one’s own (%s)', (_, set) => {
  it('is a data set', () => {
    expect(() => {
      checkDataset(set);
    }).not.toThrow();
  });

  it('gives the batches that the same one in memory gives, bit for bit', async () => {
    const options = { batchSize: 4, shuffle: true, seed: 3, mean: [0.1, 0.5, 0.2], std: [0.5, 0.25, 0.75] };
    for (const augment of [undefined, { pad: 1, flip: true }, [{ name: 'flip' }] as const]) {
      const more = augment === undefined ? options : { ...options, augment };
      expect(await all(batches(set, more))).toEqual(await all(batches(memory, more)));
    }
    expect(await channelStatistics(set)).toEqual(await channelStatistics(memory));
  });
});

describe('some classes of a data set of one’s own', () => {
  it('are those of the same one in memory', async () => {
    const [own, known] = [selectClasses(new OwnSet(), [7, 0]), selectClasses(memory, [7, 0])];
    expect([own.name, own.count, own.shape, own.classes]).toEqual([
      known.name,
      known.count,
      known.shape,
      known.classes,
    ]);
    expect(own.labels).toEqual(known.labels);
    const indices = [2, 0, 1];
    expect(await readImages(own, indices)).toEqual(await readImages(known, indices));
    const options = { batchSize: 3, augment: [{ name: 'flip', p: 1 }] as const };
    expect(await all(batches(own, options))).toEqual(await all(batches(known, options)));
  });

  it('need its labels', () => {
    expect(() => selectClasses(plain, [0])).toThrow(OptionError);
    expect(() => selectClasses(plain, [0])).toThrow('expected one with its labels known (the member labels)');
  });
});

describe('a data set of one’s own that is wrong', () => {
  const batch = (set: Partial<Dataset>, options = {}): Promise<unknown> =>
    all(batches({ ...plain, ...set }, { batchSize: 4, ...options }));

  it.each([-1, 10, 300])('reads a label %d: which names the image', async (label) => {
    const running = batch({
      read(indices, into) {
        into.labels.fill(0);
        const at = Array.from(indices).indexOf(6);
        if (at >= 0) into.labels[at] = label;
      },
    });
    await expect(running).rejects.toThrow(DataError);
    await expect(running).rejects.toThrow(
      `data set small: expected labels below 10 (the number of classes), got ${label} at index 6`,
    );
  });

  it('gives another number of pictures', async () => {
    const running = batch(
      { pictures: async (indices, into) => (await new OwnSet().pictures(indices, into)).slice(1) },
      { augment: [{ name: 'flip' }] },
    );
    await expect(running).rejects.toThrow(DataError);
    await expect(running).rejects.toThrow('expected 4 pictures, one for each index, got 3');
  });

  it('is of another shape after its transforms', async () => {
    const running = batch({}, { augment: [{ name: 'centerCrop', size: 2 }] });
    await expect(running).rejects.toThrow(OptionError);
    await expect(running).rejects.toThrow(
      /^augment: expected pictures of 3x4x3, the shape of small, after the last transform, got 3x2x2; end with/,
    );
    const grey = (picture: Picture): Picture => ({
      ...picture,
      channels: 1,
      data: picture.data.subarray(0, 12),
    });
    await expect(batch({}, { augment: [grey] })).rejects.toThrow('got 1x4x3');
  });

  it('rejects with what its own functions throw', async () => {
    const failure = new RangeError('mine');
    await expect(batch({ read: () => Promise.reject(failure) })).rejects.toBe(failure);
  });

  it.each<readonly [string, unknown, string]>([
    [
      'the old form',
      { name: 'x', images: memory.images, labels: memory.labels, channels: 3 },
      'by memoryDataset',
    ],
    ['no read', { ...plain, read: undefined }, 'expected a data set with count, shape, classes and read'],
    ['no shape', { ...plain, shape: undefined }, 'expected channels to be a positive integer, got undefined'],
    [
      'a class named twice',
      { ...plain, classes: ['a', 'b', 'a'] },
      "expected classes of different names, got 'a' twice",
    ],
  ])('%s is refused', (_, set, message) => {
    expect(() => {
      checkDataset(set as Dataset);
    }).toThrow(DataError);
    expect(() => {
      checkDataset(set as Dataset);
    }).toThrow(message);
  });
});

describe('memoryDataset', () => {
  const source = { name: 'm', images: new Uint8Array(4), channels: 1, height: 1, width: 2 };

  it.each([
    [Uint8Array, 257, 255],
    [Uint8ClampedArray, 300, 255],
    [Int8Array, 129, 127],
    [Uint16Array, 70_000, 65_535],
    [Int16Array, 40_000, 32_767],
  ] as const)('refuses labels of a kind that wraps: %p of %i classes', (Kind, count, most) => {
    const source = { name: 'many', images: new Uint8Array(1), channels: 1, height: 1, width: 1 };
    const classes = Array.from({ length: count }, (_, i) => String(i));
    expect(() => memoryDataset({ ...source, classes, labels: new Kind(1) })).toThrow(
      `expected labels in an Int32Array for ${count} classes, got a ${Kind.name}, which holds 0 to ${most}`,
    );
    expect(memoryDataset({ ...source, classes: classes.slice(0, most + 1), labels: new Kind(1) }).count).toBe(
      1,
    );
  });

  it.each([300, 70_000])('holds %i classes', async (count) => {
    const labels = [count - 1, 7];
    const set = memoryDataset({
      ...source,
      labels,
      classes: Array.from({ length: count }, (_, i) => String(i)),
    });
    expect(set.labels).toEqual(Int32Array.from(labels));
    const { labels: read } = await prepareBatch(set, [1, 0]);
    expect(read).toEqual(Int32Array.of(7, count - 1));
  });

  it('keeps the memory that it is given', () => {
    const labels = Int32Array.of(0, 1);
    const set = memoryDataset({ ...source, labels, classes: ['a', 'b'] });
    expect([set.images, set.labels]).toEqual([source.images, labels]);
    expect(set.images).toBe(source.images);
    expect(set.labels).toBe(labels);
  });

  it('reads, in a copy with other members, those', async () => {
    const set = memoryDataset({ ...source, labels: [0, 1], classes: ['a', 'b'] });
    const changed = { ...set, images: Uint8Array.of(1, 2, 3, 4), labels: Int32Array.of(1, 0) };
    const expected: Omit<Batch, 'index'> = {
      images: Float32Array.of(3 / 255, 4 / 255, 1 / 255, 2 / 255),
      labels: Int32Array.of(0, 1),
      size: 2,
    };
    expect(await prepareBatch(changed, [1, 0])).toEqual(expected);
    expect(() => {
      checkDataset({ ...set, images: new Uint8Array(3) } as Dataset);
    }).toThrow('expected 4 pixels ([2, 1, 1, 2]), got 3');
  });

  it.each<readonly [string, object, string]>([
    [
      'a label of another class',
      { labels: [0, 2] },
      'expected labels below 2 (the number of classes), got 2 at index 1',
    ],
    ['half a label', { labels: [0, 0.5] }, 'got 0.5 at index 1'],
    ['a class named twice', { classes: ['a', 'a'] }, "expected classes of different names, got 'a' twice"],
    ['no class', { labels: [], classes: [] }, 'got 0'],
    ['pixels of another number', { labels: [0] }, 'expected 2 pixels ([1, 1, 1, 2]), got 4'],
  ])('refuses %s', (_, change, message) => {
    const make = (): unknown => memoryDataset({ ...source, labels: [0, 1], classes: ['a', 'b'], ...change });
    expect(make).toThrow(DataError);
    expect(make).toThrow(message);
  });
});

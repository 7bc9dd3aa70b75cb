import {
  isInMemory,
  type Dataset,
  type DataSplit,
  type MemoryDataset,
  type MemorySplit,
} from '../../src/data/index.js';
import { assert } from '../../src/errors.js';

/** The data set, whose pixels must be in memory. */
export function inMemory(set: Dataset): MemoryDataset {
  assert(isInMemory(set), `${set.name} is not in memory`);
  return set;
}

/** Data whose parts must all be in memory. */
export function splitInMemory({ train, test }: DataSplit): MemorySplit {
  return { train: inMemory(train), test: inMemory(test) };
}

/** The first images of a data set. */
export function firstOf(set: Dataset, count: number): MemoryDataset {
  const { images, labels, shape, ...rest } = inMemory(set);
  const size = shape[0] * shape[1] * shape[2];
  return {
    ...rest,
    shape,
    count,
    images: images.subarray(0, count * size),
    labels: labels.subarray(0, count),
  };
}

/** All that comes of an asynchronous source, in its order. */
export async function all<T>(source: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

import { isInMemory, type Dataset, type MemoryDataset, type ViewOptions } from './dataset.js';
import { memoryDataset } from './memory-dataset.js';
import { isPictureDataset, pictureView } from './pictures/picture-set.js';

/** Some images of a data set under other labels. Of one in memory the pixels are copied, so that the rest can be freed. */
export function viewOf(set: Dataset, { name, classes, items, labels }: ViewOptions): Dataset {
  if (isInMemory(set)) return copyOf(set, { name, classes, items, labels });
  if (isPictureDataset(set)) return pictureView(set, { name, classes, items, labels });
  const itemsAt = (indices: ArrayLike<number>): Int32Array =>
    Int32Array.from(indices, (index) => items[index] ?? 0);
  const relabel = (indices: ArrayLike<number>, into: Int32Array): void => {
    for (let i = 0; i < indices.length; i++) into[i] = labels[indices[i] ?? 0] ?? 0;
  };
  const pictures = set.pictures?.bind(set);
  return {
    ...{ name, classes, labels, count: items.length, shape: set.shape },
    async read(indices, into) {
      await set.read(itemsAt(indices), into);
      relabel(indices, into.labels);
    },
    ...(pictures && {
      async pictures(indices, into) {
        const found = await pictures(itemsAt(indices), into);
        relabel(indices, into.labels);
        return found;
      },
    }),
  };
}

function copyOf(
  { images, shape: [channels, height, width] }: MemoryDataset,
  { name, classes, items, labels }: ViewOptions,
): MemoryDataset {
  const size = channels * height * width;
  const chosen = new Uint8Array(items.length * size);
  items.forEach((item, i) => {
    chosen.set(images.subarray(item * size, (item + 1) * size), i * size);
  });
  return memoryDataset({ name, images: chosen, labels, channels, height, width, classes });
}
